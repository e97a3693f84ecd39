import { make, setText } from '../dom.js'
import {
  formatBytes,
  formatClock,
  formatCount,
  formatRate,
  formatSeconds,
  formatShare,
  formatSpan,
} from '../format.js'

/** The figures that are read from across the room. */
export function createTiles() {
  const tiles = Array.from({ length: FIGURES }, () => {
    const [name, value, note] = [make('span'), make('b'), make('small')]
    return { name, value, note, element: make('div.tile', {}, [name, value, note]) }
  })
  const elements = tiles.map(({ element }) => element)
  return {
    element: make('section.tiles', { 'aria-label': 'Key figures' }, elements),
    update: (model) => {
      figuresOf(model).forEach((figure, i) => {
        const { name, value, note, element } = tiles[i]
        setText(name, figure.name)
        setText(value, figure.value)
        setText(note, figure.delta ?? figure.note)
        element.title = figure.hint ?? (figure.delta === undefined ? '' : figure.note)
        element.classList.toggle('bad', figure.isBad === true)
      })
    },
  }
}

const FIGURES = 7

function figuresOf(model) {
  const { requests, service, routes, dynos } = model.report
  const failed = failedOf(routes)
  const timed = service === null ? 'no time is known' : `of ${formatCount(service.count)} timed`
  const slowest = service === null ? timed : `max ${formatSeconds(service.max)}`
  const delta = deltaOf(model)
  return [
    {
      name: 'Requests',
      delta: delta((r) => r.requests.count),
      value: formatCount(requests.count),
      note: requests.peakPerSecond === null ? '' : `peak ${formatCount(requests.peakPerSecond)}/s`,
    },
    model.isFile ? rateOf(model) : nowOf(model),
    {
      name: 'p50',
      delta: delta((r) => r.service?.p50),
      value: formatSeconds(service?.p50),
      note: timed,
    },
    {
      name: 'p95',
      delta: delta((r) => r.service?.p95),
      value: formatSeconds(service?.p95),
      note: timed,
    },
    {
      name: 'p99',
      delta: delta((r) => r.service?.p99),
      value: formatSeconds(service?.p99),
      note: slowest,
    },
    {
      name: 'Failed',
      delta: delta(failedShare),
      value: requests.count === 0 || failed === null ? '–' : formatShare(failed / requests.count),
      note:
        failed === null
          ? 'not stored by this'
          : `${formatCount(failed)} of ${formatCount(requests.count)}`,
      hint: 'Requests with an error of the router, or with a status of 500 or more',
      isBad: failed !== null && failed / requests.count >= 0.01,
    },
    { name: 'Memory', ...memoryOf(dynos) },
  ]
}

/** Writes by how much a figure of the report differs from that of the time that is compared with. */
function deltaOf({ report, earlier }) {
  if (earlier === null) return () => undefined
  if (earlier.answer.series.report.from === null) return () => `no line at ${earlier.title}`
  return (figure) => {
    const [now, then] = [figure(report) ?? null, figure(earlier.answer.series.report) ?? null]
    if (then === null || now === null) return `nothing to compare at ${earlier.title}`
    if (then === 0) return now === 0 ? `the same as ${earlier.title}` : `0 at ${earlier.title}`
    const change = (now - then) / then
    const sign = change < 0 ? '−' : '+'
    return `${sign}${formatShare(Math.abs(change))} on ${earlier.title}`
  }
}

/** Null where nothing came, so that no share of nothing is compared. */
function failedShare({ requests, routes }) {
  const failed = failedOf(routes)
  return failed === null || requests.count === 0 ? null : failed / requests.count
}

/** Requests that failed; null where that isn't stored. */
function failedOf(routes) {
  if (routes === null || routes.some(({ errors }) => errors === null)) return null
  return routes.reduce((sum, route) => sum + route.errors, 0)
}

function rateOf({ report: { requests, seconds } }) {
  return {
    name: 'Rate',
    value: formatRate(requests.perSecond),
    note: `over ${formatSpan(seconds)}`,
  }
}

/** The rate of the last step that is over: the same that the chart writes as now. */
function nowOf({ series, from, step, last, isLive }) {
  const { perSecond, count } = series.requests
  const columns =
    perSecond === null
      ? [count.map((n) => (n === null ? null : n / (step / 1000)))]
      : Object.values(perSecond)
  const known = columns.map((values) => valueAt(values, last)).filter((value) => value !== null)
  const name = isLive ? 'Now' : 'At the end'
  if (known.length === 0) {
    const isFirst = columns.some((values) => valueAt(values, last + 1) !== null)
    return { name, value: '–', note: isFirst ? 'the first step isn’t over' : 'no line just now' }
  }
  const rate = known.reduce((sum, value) => sum + value, 0)
  const start = from + last * step
  const note = `${formatClock(start, step < 60_000)} to ${formatClock(start + step, step < 60_000)}`
  return { name, value: formatRate(rate), note }
}

function valueAt(values, i) {
  return i < 0 ? null : (values.at(i) ?? null)
}

/** The dyno that is nearest to its quota. */
function memoryOf(dynos) {
  let worst = null
  for (const [name, { memory }] of Object.entries(dynos ?? {})) {
    if (memory === null) continue
    const { total, quota } = memory
    if (total === undefined) continue
    const share = quota === undefined ? null : total.last / quota.last
    if (worst === null || (share ?? -1) > (worst.share ?? -1)) worst = { name, total, quota, share }
  }
  if (worst === null)
    return { value: '–', note: dynos === null ? 'not stored by this' : 'no runtime metrics' }
  const { name, total, quota, share } = worst
  if (share === null) return { value: formatBytes(total.last), note: name }
  return {
    value: formatShare(share),
    note: `${name}, of ${formatBytes(quota.last)}`,
    isBad: share >= 1,
  }
}
