import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  DASHBOARDS,
  DASHBOARD_FILES,
  type Dashboard,
  FOLDER,
  type Panel,
  expressionsOf,
  panelsOf,
} from './read.ts'

const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }
/** Types of panels that Grafana brings along and that aren't on their way out. */
const CORE = new Set([
  'bargauge',
  'gauge',
  'heatmap',
  'row',
  'stat',
  'state-timeline',
  'table',
  'text',
  'timeseries',
])
const COLUMNS = 24

test('what is committed is what the generator writes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'l2met-dashboards-'))
  try {
    execFileSync(process.execPath, [join(FOLDER, 'generate.mjs'), folder])
    expect(readdirSync(folder).toSorted()).toEqual(DASHBOARD_FILES.toSorted())
    for (const name of DASHBOARD_FILES) {
      const committed = readFileSync(join(FOLDER, name), 'utf8')
      const made = readFileSync(join(folder, name), 'utf8')
      expect(made === committed, `${name} is stale: node dashboards/generate.mjs`).toBe(true)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('there are five dashboards, each under its own uid', () => {
  expect(DASHBOARDS.map(({ title }) => title).toSorted()).toEqual([
    'Add-ons',
    'Dynos',
    'Heroku overview',
    'Routes',
    'l2met itself',
  ])
  expect(new Set(DASHBOARDS.map(({ uid }) => uid)).size).toBe(5)
  for (const { uid } of DASHBOARDS) expect(DASHBOARD_FILES).toContain(`${uid}.json`)
})

describe.each(DASHBOARDS.map((dashboard) => [dashboard.title, dashboard] as const))(
  '%s',
  (_, dashboard) => {
    const panels = panelsOf(dashboard)

    test('is of the classic model, and can be imported as it is', () => {
      expect(dashboard).toMatchObject({
        id: null,
        version: 1,
        schemaVersion: 41,
        editable: true,
        graphTooltip: 1,
        refresh: '30s',
        tags: ['heroku', 'l2met'],
        time: { from: 'now-1h', to: 'now' },
      })
      expect(dashboard['__inputs']).toBeUndefined()
    })

    test('asks the chosen data source', () => {
      const { list } = dashboard.templating
      expect(list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' })
      for (const variable of list.slice(1)) expect(variable.datasource).toEqual(DATASOURCE)
      for (const { name, datasource } of dashboard.annotations.list.slice(1))
        expect(datasource, name).toEqual(DATASOURCE)
      for (const panel of panels.filter(({ type }) => type !== 'row')) {
        expect(panel.datasource, panel.title).toEqual(DATASOURCE)
        for (const { datasource } of panel.targets ?? [])
          expect(datasource, panel.title).toEqual(DATASOURCE)
      }
    })

    test('lets apps be chosen, one, some or all', () => {
      expect(dashboard.templating.list.find(({ name }) => name === 'app')).toMatchObject({
        multi: true,
        includeAll: true,
        allValue: '.*',
        definition: 'label_values(l2met_series, app)',
      })
    })

    test('leads to the others with what is chosen', () => {
      expect(dashboard.links).toMatchObject([
        { type: 'dashboards', tags: ['l2met'], includeVars: true, keepTime: true },
      ])
    })

    test('rates by the scrape interval, or over all that is shown', () => {
      for (const { where, expr, instant } of expressionsOf(dashboard)) {
        const rates = [...expr.matchAll(/\b(?:rate|increase)\([^[\]]*\[([^\]]*)\]( @ end\(\))?/g)]
        expect(rates.length, where).toBe(expr.split(/\b(?:rate|increase)\(/).length - 1)
        for (const [text, range, atEnd] of rates) {
          const isShown = range === '$__range' && (instant || atEnd !== undefined)
          expect(isShown || range === '$__rate_interval', `${where}: ${text}`).toBe(true)
        }
        expect(expr, where).not.toMatch(/\birate\(/)
      }
    })

    test('says of each panel what it shows, and in what unit', () => {
      const unexplained = panels
        .filter(({ type }) => type !== 'row' && type !== 'text')
        .filter(({ description = '', fieldConfig }) => {
          return description.length < 8 || (fieldConfig?.defaults.unit ?? '') === ''
        })
      expect(unexplained.map(({ title }) => title)).toEqual([])
    })

    test('uses panels of the core only, each with its own id and place', () => {
      expect(panels.filter(({ type }) => !CORE.has(type))).toEqual([])
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
      for (const { title, gridPos } of panels)
        expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(COLUMNS)
      expect(overlaps(panels)).toEqual([])
      for (const { title, targets = [] } of panels)
        expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length)
    })
  },
)

test.each(['Heroku overview', 'Routes', 'Dynos', 'Add-ons'])(
  '%s marks releases and restarts',
  (title) => {
    const { annotations } = DASHBOARDS.find((dashboard) => dashboard.title === title) as Dashboard
    const names = annotations.list.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['Releases', 'Restarts', 'Crashes']))
  },
)

test('dashboards that a link names are there', () => {
  const linked = [...JSON.stringify(DASHBOARDS).matchAll(/"\/d\/([\w-]+)/g)].map(([, uid]) => uid!)
  expect(linked.length).toBeGreaterThan(0)
  const uids = new Set(DASHBOARDS.map(({ uid }) => uid))
  expect(linked.filter((uid) => !uids.has(uid))).toEqual([])
})

function overlaps(panels: readonly Panel[]): string[] {
  return panels.flatMap(({ title, gridPos: a }, i) =>
    panels
      .slice(i + 1)
      .filter(({ gridPos: b }) => {
        return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
      })
      .map((other) => `${title} and ${other.title}`),
  )
}
