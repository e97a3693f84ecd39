import { make, setText } from './dom.js'
import { formatBytes, formatCount, formatNumber, formatSeconds, formatShare } from './format.js'

/** The figures that are read from across the room. */
export function createTiles() {
  const tiles = ['Requests', 'Now', 'p50', 'p95', 'p99', 'Failed', 'Memory'].map((title) => {
    const value = make('b')
    const note = make('small')
    return {
      title,
      value,
      note,
      element: make('div.tile', {}, [make('span', { text: title }), value, note]),
    }
  })
  return {
    element: make(
      'section.tiles',
      { 'aria-label': 'Key figures' },
      tiles.map(({ element }) => element),
    ),
    update: (model) => {
      const figures = figuresOf(model)
      for (const { title, value, note, element } of tiles) {
        const figure = figures[title]
        setText(value, figure.value)
        setText(note, figure.note)
        element.title = figure.hint ?? ''
        element.classList.toggle('bad', figure.isBad === true)
      }
    },
  }
}

function figuresOf(model) {
  const { requests, service, routes } = model.report
  const failed = routes.reduce((sum, route) => sum + route.errors, 0)
  const timed = service === null ? 'no request was timed' : `of ${formatCount(service.count)} timed`
  return {
    Requests: {
      value: formatCount(requests.count),
      note: `peak ${formatCount(requests.peakPerSecond)}/s`,
    },
    Now: nowOf(model),
    p50: { value: formatSeconds(service?.p50), note: timed },
    p95: { value: formatSeconds(service?.p95), note: timed },
    p99: {
      value: formatSeconds(service?.p99),
      note: service === null ? timed : `max ${formatSeconds(service.max)}`,
    },
    Failed: {
      value: requests.count === 0 ? '–' : formatShare(failed / requests.count),
      note: `${formatCount(failed)} of ${formatCount(requests.count)}`,
      hint: 'Requests with a status of 500 or more, or with an H code',
      isBad: failed / requests.count >= 0.01,
    },
    Memory: memoryOf(model.report.dynos),
  }
}

/** The last step that is over: of the one that runs, lines are still on their way. */
function nowOf({ series, from, step, now }) {
  const columns = Object.values(series.requests.perSecond)
  const last = Math.floor((now - from) / step) - 1
  const isKnown = columns.some((values) => values[last] !== null && values[last] !== undefined)
  const rate = columns.reduce((sum, values) => sum + (values[last] ?? 0), 0)
  const seconds = step / 1000
  const span = seconds === 60 ? 'minute' : seconds < 60 ? `${seconds} s` : `${seconds / 60} min`
  const note = `in the last ${span}`
  return {
    value: isKnown ? `${formatNumber(rate)}/s` : '–',
    note: isKnown ? note : 'no line just now',
  }
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
  if (worst === null) return { value: '–', note: 'log-runtime-metrics is off' }
  const { name, total, quota, share } = worst
  if (share === null) return { value: formatBytes(total.last), note: name }
  return {
    value: formatShare(share),
    note: `${name}, of ${formatBytes(quota.last)}`,
    isBad: share >= 1,
  }
}
