import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { VERBS } from '../../src/server/verbs/verbs.ts'
import { findProgram } from '../support/programs.ts'
import { DASHBOARDS, FOLDER, RULES, RULE_FILES, RULE_TESTS, panelsOf } from './read.ts'

const promtool = findProgram('promtool')
const ALERTS = RULES.filter(({ alert }) => alert !== undefined)
const ROOT = join(FOLDER, '..')

describe.skipIf(promtool.reason !== undefined)('promtool', () => {
  test('has nothing against the rules', () => {
    const said = runPromtool('check', 'rules', '--lint=all', '--lint-fatal', ...RULE_FILES)
    expect(said).toContain(`SUCCESS: ${ALERTS.length} rules found`)
  })

  test.each(RULE_TESTS.map((file) => [basename(file), file]))('finds %s passed', (_, file) => {
    expect(runPromtool('test', 'rules', file)).toContain('SUCCESS')
  })

  test('has nothing against the configuration of Prometheus', () => {
    runPromtool('check', 'config', '--syntax-only', join(FOLDER, 'prometheus.yml'))
  })

  test('counts what is new as the dashboards do', () => {
    const crashes = panelsOf(DASHBOARDS.find(({ uid }) => uid === 'heroku-overview')!)
      .find(({ title }) => title === 'Crashes')!
      .targets![0]!.expr.replaceAll('$__range', '10m')
    const ofApp = (app: string) => crashes.replaceAll('$app', app)
    const file = {
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: [
            // Its first one, of an app that was there before: one.
            { series: 'l2met_series{app="first"}', values: '9x30' },
            { series: crashesOf('first'), values: '_x15 1x15' },
            // From 5 to 8: three.
            { series: 'l2met_series{app="more"}', values: '9x30' },
            { series: crashesOf('more'), values: '5x15 8x15' },
            // Seven that were counted before the first scrape, and two after it: two.
            { series: 'l2met_series{app="new"}', values: '_x15 9x15' },
            { series: crashesOf('new'), values: '_x15 7x3 9x12' },
            // Lost with a store in memory: none.
            { series: 'l2met_series{app="lost"}', values: '9x30' },
            { series: crashesOf('lost'), values: '5x15 0x15' },
          ],
          promql_expr_test: Object.entries({ first: 1, more: 3, new: 2, lost: 0 }).map(
            ([app, value]) => ({
              expr: ofApp(app),
              eval_time: '22m',
              exp_samples: [{ labels: '{}', value }],
            }),
          ),
        },
      ],
    }
    const folder = mkdtempSync(join(tmpdir(), 'l2met-rules-'))
    try {
      const path = join(folder, 'grown.yml')
      // JSON is YAML.
      writeFileSync(path, JSON.stringify(file))
      expect(runPromtool('test', 'rules', path)).toContain('SUCCESS')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

test('every alert has a test in which it fires', () => {
  const expected = RULE_TESTS.flatMap((file) => {
    const { tests } = parse(readFileSync(file, 'utf8')) as { tests: RuleTest[] }
    return tests.flatMap(({ promql_expr_test: queries = [], alert_rule_test: alerts = [] }) => [
      ...queries.flatMap(({ exp_samples: samples }) => samples.map(({ labels }) => labels)),
      ...alerts
        .filter(({ exp_alerts: firing }) => firing.length > 0)
        .map(({ alertname }) => `alertname="${alertname}"`),
    ])
  })
  const untested = ALERTS.filter(
    ({ alert }) => !expected.some((labels) => labels.includes(`alertname="${alert}"`)),
  )
  expect(untested.map(({ alert }) => alert)).toEqual([])
})

test.each(ALERTS.map((rule) => [rule.alert!, rule] as const))(
  '%s says what to do, and where to look',
  (name, { labels, annotations }) => {
    expect(['critical', 'warning']).toContain(labels?.severity)
    expect(annotations?.['summary']!.length).toBeGreaterThan(10)
    expect(annotations?.['description']!.length).toBeGreaterThan(80)
    const uid = /^\/d\/([\w-]+)/.exec(annotations?.['dashboard'] ?? '')?.[1]
    expect(DASHBOARDS.map((dashboard) => dashboard.uid)).toContain(uid)
    expect(readFileSync(join(ROOT, 'docs/DASHBOARDS.md'), 'utf8')).toContain(`\`${name}\``)
  },
)

test('what is counted in a summary is a whole number, as increase() is not', () => {
  const summaries = ALERTS.map(({ annotations }) => annotations?.['summary'] ?? '')
  expect(summaries.filter((text) => /\| humanize \}\}/.test(text))).toEqual([])
})

test('what is to be typed can be typed', () => {
  const texts = [...DASHBOARDS.map((one) => JSON.stringify(one)), JSON.stringify(ALERTS)]
  const verbs = texts.flatMap((text) => [...text.matchAll(/`l2met ([a-z-]+)/g)].map(([, v]) => v!))
  expect(verbs.filter((verb) => !VERBS.has(verb))).toEqual([])
})

test('what compose brings together is there, and fits', () => {
  const compose = readYaml(join(ROOT, 'compose.yaml')) as Compose
  const paths = Object.values(compose.services)
    .flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0]!))
    .filter((path) => path.startsWith('.'))
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  const { datasources } = readYaml(join(FOLDER, 'provisioning/datasources/prometheus.yml')) as {
    datasources: { type: string; url: string; jsonData: { timeInterval: string } }[]
  }
  const { global } = readYaml(join(FOLDER, 'prometheus.yml')) as {
    global: { scrape_interval: string }
  }
  expect(datasources).toMatchObject([
    {
      type: 'prometheus',
      url: 'http://prometheus:9090',
      jsonData: { timeInterval: global.scrape_interval },
    },
  ])
  const { providers } = readYaml(join(FOLDER, 'provisioning/dashboards/l2met.yml')) as {
    providers: { type: string; options: { path: string } }[]
  }
  const mounted = compose.services['grafana']!.volumes!.map((volume) => volume.split(':')[1])
  expect(mounted).toContain(providers[0]!.options.path)
})

interface RuleTest {
  readonly promql_expr_test?: readonly { readonly exp_samples: readonly { labels: string }[] }[]
  readonly alert_rule_test?: readonly {
    readonly alertname: string
    readonly exp_alerts: readonly unknown[]
  }[]
}

interface Compose {
  readonly services: Readonly<Record<string, { readonly volumes?: readonly string[] }>>
}

function crashesOf(app: string): string {
  return `heroku_dyno_events_total{app="${app}",dyno_type="web",event="crashed"}`
}

/** What it says; throws when it isn't content. */
function runPromtool(...args: string[]): string {
  return execFileSync(promtool.path!, args, { encoding: 'utf8', stdio: 'pipe' })
}

function readYaml(file: string): unknown {
  return parse(readFileSync(file, 'utf8'))
}
