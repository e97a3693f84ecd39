import { make } from '../dom.js'
import { makeFocus } from '../focus.js'
import { formatBytes, formatCount, formatNumber, formatSeconds } from '../format.js'
import { isFound } from '../state/find.js'
import { makePanel } from './panel.js'
import { createTable, makeBar } from './table.js'

/** What each dyno does and how it is. */
export function createDynosPanel() {
  const table = createTable(
    [
      {
        title: 'Dyno',
        isText: true,
        value: (d) => d.name,
        show: (d) =>
          makeFocus('dyno', d.name, make('code', { text: d.name }), /^[\w.-]{1,128}$/.test(d.name)),
      },
      { title: 'Requests', value: (d) => d.requests, show: (d) => formatCount(d.requests) },
      { title: 'p95', value: (d) => d.service?.p95, show: (d) => formatSeconds(d.service?.p95) },
      {
        title: 'Memory of quota',
        csv: (d) => d.memory?.total?.last,
        value: memoryShare,
        show: showMemory,
      },
      {
        title: 'Peak',
        hint: 'the most memory in this range',
        value: (d) => d.memory?.total?.max,
        show: showPeak,
      },
      {
        title: 'Swap',
        value: (d) => d.memory?.swap?.last,
        show: (d) => formatBytes(d.memory?.swap?.last),
      },
      {
        title: 'Load 1 min',
        value: (d) => d.load?.['1m']?.last,
        show: (d) => formatNumber(d.load?.['1m']?.last),
      },
      { title: 'Errors', isText: true, value: errorsText, show: errorsText },
    ],
    { sort: 0, most: 12, rowName: 'dynos', empty: 'No dyno was named yet.' },
  )
  return {
    element: makePanel('Dynos', 'wide', table.csv, table.element),
    isOfReport: true,
    update: ({ report, find }) => {
      const rows = Object.entries(report.dynos).map(([name, dyno]) => ({ name, ...dyno }))
      table.update(rows.filter(({ name }) => isFound(find, name)))
    },
  }
}

function memoryShare({ memory }) {
  const { total, quota } = memory ?? {}
  if (total === undefined) return null
  return quota === undefined ? total.last / 2 ** 50 : total.last / quota.last
}

function showMemory({ memory }) {
  const { total, quota } = memory ?? {}
  if (total === undefined) return '–'
  if (quota === undefined) return formatBytes(total.last)
  const share = total.last / quota.last
  const colour = share >= 1 ? 'bar-bad' : share >= 0.9 ? 'bar-warn' : 'bar'
  return makeBar(`${formatBytes(total.last)} of ${formatBytes(quota.last)}`, share, colour)
}

/** The most memory of the range; red where it was over the quota. */
function showPeak({ memory }) {
  const { total, quota } = memory ?? {}
  if (total === undefined) return '–'
  const isOver = quota !== undefined && total.max >= quota.last
  return make(isOver ? 'span.failed' : 'span', { text: formatBytes(total.max) })
}

function errorsText({ errors }) {
  return Object.entries(errors)
    .map(([code, n]) => `${code} × ${formatCount(n)}`)
    .join(', ')
}
