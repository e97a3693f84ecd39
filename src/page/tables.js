import { make, setText } from './dom.js'
import {
  formatBytes,
  formatClock,
  formatCount,
  formatDay,
  formatNumber,
  formatOf,
  formatSeconds,
  formatShare,
} from './format.js'
import { newest } from './chart-readout.js'
import { sumOf } from './model.js'
import { createStrip } from './strip.js'
import { createTable, makeBar } from './table.js'

const MOST_EVENTS = 60

/** Requests by route; the share of time tells where work pays. */
export function createRoutesPanel() {
  const table = createTable(
    [
      { title: 'Route', isText: true, value: (r) => `${r.route} ${r.method}`, show: showRoute },
      { title: 'Requests', value: (r) => r.count, show: (r) => formatCount(r.count) },
      { title: 'Failed', hint: '5xx or an H code', value: (r) => r.errors, show: showFailed },
      { title: 'p50', value: (r) => r.service?.p50, show: (r) => formatSeconds(r.service?.p50) },
      { title: 'p95', value: (r) => r.service?.p95, show: (r) => formatSeconds(r.service?.p95) },
      { title: 'p99', value: (r) => r.service?.p99, show: (r) => formatSeconds(r.service?.p99) },
      {
        title: 'Share of time',
        hint: 'of all service time',
        value: (r) => r.share,
        show: (r) => makeBar(formatShare(r.share), r.share, 'bar'),
      },
    ],
    { sort: 1, most: 15, rowName: 'routes', empty: 'No request yet.' },
  )
  return {
    element: panel('Routes', 'wide', table.element),
    isOfReport: true,
    update: ({ report }) => {
      const all = report.routes.reduce((sum, route) => sum + spent(route), 0)
      table.update(
        report.routes.map((route) => ({ ...route, share: all === 0 ? 0 : spent(route) / all })),
      )
    },
  }
}

function spent({ service }) {
  return service === null ? 0 : service.mean * service.count
}

function showRoute({ method, route }) {
  return make('span.route', {}, [
    make('span.method', { text: method }),
    make('code', { text: route }),
  ])
}

function showFailed({ errors, count }) {
  if (errors === 0) return make('span.zero', { text: '0' })
  return make('span.failed', {
    text: formatCount(errors),
    title: `${formatShare(errors / count)} of requests`,
  })
}

/** What each dyno does and how it is. */
export function createDynosPanel() {
  const table = createTable(
    [
      {
        title: 'Dyno',
        isText: true,
        value: (d) => d.name,
        show: (d) => make('code', { text: d.name }),
      },
      { title: 'Requests', value: (d) => d.requests, show: (d) => formatCount(d.requests) },
      { title: 'p95', value: (d) => d.service?.p95, show: (d) => formatSeconds(d.service?.p95) },
      { title: 'Memory of quota', value: memoryShare, show: showMemory },
      {
        title: 'Swap',
        value: (d) => d.memory.swap?.last,
        show: (d) => formatBytes(d.memory.swap?.last),
      },
      {
        title: 'Load 1 min',
        value: (d) => d.load['1m']?.last,
        show: (d) => formatNumber(d.load['1m']?.last),
      },
      { title: 'Errors', isText: true, value: errorsText, show: errorsText },
    ],
    { sort: 0, most: 12, rowName: 'dynos', empty: 'No dyno was named yet.' },
  )
  return {
    element: panel('Dynos', 'wide', table.element),
    isOfReport: true,
    update: ({ report }) => {
      table.update(Object.entries(report.dynos).map(([name, dyno]) => ({ name, ...dyno })))
    },
  }
}

function memoryShare({ memory: { total, quota } }) {
  if (total === undefined) return null
  return quota === undefined ? total.last / 2 ** 50 : total.last / quota.last
}

function showMemory({ memory }) {
  const { total, quota } = memory
  if (total === undefined) return '–'
  if (quota === undefined) return formatBytes(total.last)
  const share = total.last / quota.last
  const colour = share >= 1 ? 'bar-bad' : share >= 0.9 ? 'bar-warn' : 'bar'
  return makeBar(`${formatBytes(total.last)} of ${formatBytes(quota.last)}`, share, colour)
}

function errorsText({ errors }) {
  return Object.entries(errors)
    .map(([code, n]) => `${code} × ${formatCount(n)}`)
    .join(', ')
}

/** A row for each code, in plain words, with its times. */
export function createErrorsPanel() {
  const rows = new Map()
  const list = make('ul.errors')
  const nothing = make('p.empty', { text: 'Heroku reports no error in this time.' })
  return {
    element: panel('Platform errors', '', list, nothing),
    update: (model) => {
      const codes = Object.entries(model.series.errors)
        .map(([code, { name, count }]) => ({ code, name, count, total: sumOf(count) }))
        .filter(({ total }) => total > 0)
        // Lines that were dropped are no errors of the app, and many at a time.
        .toSorted((a, b) => isLost(a.code) - isLost(b.code) || b.total - a.total)
      nothing.hidden = codes.length > 0
      for (const one of codes) if (!rows.has(one.code)) rows.set(one.code, createErrorRow(one))
      const shown = codes.map(({ code }) => rows.get(code).element)
      if (
        shown.some((element, i) => list.children[i] !== element) ||
        list.children.length !== shown.length
      ) {
        list.replaceChildren(...shown)
      }
      for (const one of codes) rows.get(one.code).update(model, one)
    },
  }
}

function isLost(code) {
  return code.startsWith('L') ? 1 : 0
}

function createErrorRow({ code, name }) {
  const total = make('b')
  const strip = createStrip(18)
  const element = make('li', {}, [
    make('span.code', { text: code }),
    make('span.name', { text: name }),
    total,
    strip.element,
  ])
  return {
    element,
    update: (model, { count, total: sum }) => {
      setText(total, formatCount(sum) + (isLost(code) === 1 ? ' lines' : ''))
      strip.update(
        model,
        count,
        code.startsWith('H') ? 's5xx' : code.startsWith('R') ? 's4xx' : 'muted',
      )
    },
  }
}

/** Releases, scalings, crashes and restarts, newest first; errors have a panel of their own. */
export function createEventsPanel() {
  const list = make('ol.events')
  const nothing = make('p.empty', { text: 'No release, scaling, crash or restart in this time.' })
  return {
    element: panel('Events', '', list, nothing),
    update: ({ events }) => {
      const newestFirst = events
        .filter(({ kind }) => kind !== 'error')
        .toReversed()
        .slice(0, MOST_EVENTS)
      nothing.hidden = newestFirst.length > 0
      list.replaceChildren(
        ...newestFirst.map(({ time, kind, text }) =>
          make('li', {}, [
            make('time', {
              datetime: time,
              title: formatDay(Date.parse(time)),
              text: formatClock(Date.parse(time)),
            }),
            make(`span.kind.${kind}`, { text: kind }),
            make('span', { text }),
          ]),
        ),
      )
    },
  }
}

/** One add-on: each figure with its way over the range. */
export function createAddonPanel(key) {
  const name = key.slice('addon:'.length)
  const kind = make('p.note')
  const list = make('dl.addon')
  const element = make('section.panel', { 'aria-label': name }, [
    make('header', {}, [make('h2', { text: name }), kind]),
    list,
  ])
  const rows = new Map()
  return {
    element,
    remove: () => element.remove(),
    update: (model, addon) => {
      setText(kind, addon.kind)
      for (const [figure, { unit, last }] of Object.entries(addon.values)) {
        if (!rows.has(figure)) {
          const row = { value: make('dd'), strip: createStrip(16, 'line') }
          rows.set(figure, row)
          list.append(
            make('div', {}, [
              make('dt', { text: figure, title: figure }),
              row.strip.element,
              row.value,
            ]),
          )
        }
        const { value, strip } = rows.get(figure)
        setText(value, formatOf(unit)(newest(last)))
        strip.update(model, last, 'd1')
      }
    },
  }
}

function panel(title, className, ...children) {
  const tag = className === '' ? 'section.panel' : `section.panel.${className}`
  return make(tag, { 'aria-label': title }, [
    make('header', {}, [make('h2', { text: title })]),
    ...children,
  ])
}
