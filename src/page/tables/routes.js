import { make } from '../dom.js'
import { makeFocus } from '../focus.js'
import { formatCount, formatSeconds, formatShare } from '../format.js'
import { isFound } from '../state/find.js'
import { makePanel } from './panel.js'
import { createTable, makeBar } from './table.js'

/** Requests by route; the share of time tells where work pays. */
export function createRoutesPanel() {
  const table = createTable(
    [
      {
        title: 'Route',
        csv: (r) => `${r.method ?? ''} ${r.route}`.trim(),
        isText: true,
        value: (r) => `${r.route} ${r.method}`,
        show: showRoute,
      },
      { title: 'Requests', value: (r) => r.count, show: (r) => formatCount(r.count) },
      {
        title: 'Failed',
        hint: 'an error of the router, or a status of 500 or more',
        value: (r) => r.errors,
        show: showFailed,
      },
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
    element: makePanel('Routes', 'wide', table.csv, table.element),
    isOfReport: true,
    update: ({ report, find }) => {
      const all = report.routes.reduce((sum, route) => sum + spent(route), 0)
      table.update(
        report.routes
          .filter(({ route }) => isFound(find, route))
          .map((route) => ({ ...route, share: all === 0 ? 0 : spent(route) / all })),
      )
    },
  }
}

function spent({ service }) {
  return service === null ? 0 : service.mean * service.count
}

function showRoute({ method, route }) {
  return make('span.route', {}, [
    make('span.method', { text: method ?? 'all' }),
    makeFocus('route', route, make('code', { text: route }), /^(?:\/|\(other\)$)/.test(route)),
  ])
}

function showFailed({ errors, count }) {
  if (errors === null) return '–'
  if (errors === 0) return make('span.zero', { text: '0' })
  return make('span.failed', {
    text: formatCount(errors),
    title: `${formatShare(errors / count)} of requests`,
  })
}
