import { make, setText } from '../dom.js'
import { sumOf } from '../state/model.js'
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
        setText(note, figure.note)
        element.title = figure.hint ?? ''
        element.classList.toggle('bad', figure.isBad === true)
      })
    },
  }
}

const FIGURES = 7

function figuresOf(model) {
  const { requests, service, routes, dynos } = model.report
  const failed = routes.reduce((sum, route) => sum + route.errors, 0)
  // The columns are as new as the stream; the report is fetched when a step is over.
  const count = formatCount(sumOf(model.series.requests.count))
  const timed = service === null ? 'no request was timed' : `of ${formatCount(service.count)} timed`
  const slowest = service === null ? timed : `max ${formatSeconds(service.max)}`
  return [
    { name: 'Requests', value: count, note: `peak ${formatCount(requests.peakPerSecond)}/s` },
    model.isFile ? rateOf(model) : nowOf(model),
    { name: 'p50', value: formatSeconds(service?.p50), note: timed },
    { name: 'p95', value: formatSeconds(service?.p95), note: timed },
    { name: 'p99', value: formatSeconds(service?.p99), note: slowest },
    {
      name: 'Failed',
      value: requests.count === 0 ? '–' : formatShare(failed / requests.count),
      note: `${formatCount(failed)} of ${formatCount(requests.count)}`,
      hint: 'Requests with a status of 500 or more, or with an H code',
      isBad: failed / requests.count >= 0.01,
    },
    { name: 'Memory', ...memoryOf(dynos) },
  ]
}

function rateOf({ report: { requests, seconds } }) {
  return {
    name: 'Rate',
    value: formatRate(requests.perSecond),
    note: `over ${formatSpan(seconds)}`,
  }
}

/** The last step that is over; where it has nothing, as at the very start, the one that runs. */
function nowOf({ series, from, step, now }) {
  const columns = Object.values(series.requests.perSecond)
  const running = Math.floor((now - from) / step)
  /** @param {number} i */
  const isKnown = (i) => columns.some((values) => typeof values[i] === 'number')
  const at = isKnown(running - 1) ? running - 1 : running
  if (!isKnown(at)) return { name: 'Now', value: '–', note: 'no line just now' }
  const rate = columns.reduce((sum, values) => sum + (values[at] ?? 0), 0)
  const seconds = step / 1000
  const span = seconds === 60 ? 'minute' : seconds < 60 ? `${seconds} s` : `${seconds / 60} min`
  const note = at === running ? `since ${formatClock(from + at * step)}` : `in the last ${span}`
  return { name: 'Now', value: formatRate(rate), note }
}

/** The dyno that is nearest to its quota. */
function memoryOf(dynos) {
  let worst = null
  for (const [name, { memory }] of Object.entries(dynos)) {
    const { total, quota } = memory
    if (total === undefined) continue
    const share = quota === undefined ? null : total.last / quota.last
    if (worst === null || (share ?? -1) > (worst.share ?? -1)) worst = { name, total, quota, share }
  }
  if (worst === null) return { value: '–', note: 'no runtime metrics' }
  const { name, total, quota, share } = worst
  if (share === null) return { value: formatBytes(total.last), note: name }
  return {
    value: formatShare(share),
    note: `${name}, of ${formatBytes(quota.last)}`,
    isBad: share >= 1,
  }
}
