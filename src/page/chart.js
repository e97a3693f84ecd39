import { colourOf, make, setText } from './dom.js'
import { drawMarks, drawSilence } from './chart-layers.js'
import { formatBytes, formatClock, formatDay } from './format.js'

/**
 * What a chart shows.
 * @typedef {object} ChartSpec
 * @property {number[]} times middle of each step, s since 1970
 * @property {ChartSeries[]} series
 * @property {(value: number) => string} format
 * @property {boolean} [isLog]
 * @property {number} [least] the top of the y axis is at least this
 * @property {(chart: object) => void} [draw] draws on the canvas, in place of series
 * @property {[number, number]} [yRange]
 * @property {(index: number | null) => ReadoutItem[]} [readout] in place of the values of the series
 *
 * @typedef {object} ChartSeries
 * @property {string} label
 * @property {string} colour name of a colour of the style sheet
 * @property {(number | null)[]} values
 * @property {(number | null)[]} [shown] in place of values in the readout
 * @property {'line' | 'stack' | 'bars' | 'dashed'} [look] a stack is a bar over the whole step, bars are small and pale behind} [look]
 * @property {(value: number) => string} [format]
 *
 * @typedef {{label: string, colour: string | null, text: string}} ReadoutItem
 */

const MAX_READOUT = 8
/** Steps of an axis of bytes, so that it says 128 MB and not 122 MB. */
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power)
/** Lines go on across gaps up to this long: a dyno speaks every 20 s. */
const SPAN_S = 70

/** By the elements that they are drawn in. */
const charts = new Map()

const sizes = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const chart = charts.get(target)
    chart?.plot?.setSize(sizeOf(chart))
  }
})

/** Only what can be seen is drawn; the rest when it comes into view. */
const views = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const chart = charts.get(target)
      if (chart === undefined) continue
      chart.isInView = isIntersecting
      if (isIntersecting && chart.isOld) draw(chart)
    }
  },
  { rootMargin: '300px' },
)

window.addEventListener('beforeprint', () => {
  for (const chart of charts.values()) if (chart.isOld) draw(chart)
})

/** A panel with a chart of time; all of them share one cursor. */
export function createChart(title, { note = '', isSmall = false } = {}) {
  const heading = make('h2', { text: title })
  const readout = make('div.readout')
  const canvas = make(isSmall ? 'div.plot.small' : 'div.plot')
  const element = make('section.panel', { 'aria-label': title }, [
    make('header', {}, [heading, note === '' ? null : make('p.note', { text: note })]),
    readout,
    canvas,
  ])
  canvas.tabIndex = 0
  canvas.setAttribute('role', 'group')
  canvas.setAttribute('aria-label', `${title}, chart; the arrow keys move the cursor`)
  canvas.addEventListener('keydown', moveCursor)
  canvas.addEventListener('blur', () => setCursor(null))

  const chart = {
    plot: null,
    shape: '',
    spec: null,
    model: null,
    canvas,
    readout,
    isInView: false,
    isOld: false,
  }
  charts.set(canvas, chart)
  sizes.observe(canvas)
  views.observe(canvas)

  return {
    element,
    /** @param {object} model @param {ChartSpec} spec */
    update: (model, spec) => {
      Object.assign(chart, { model, spec, isOld: true })
      showReadout(chart)
      if (chart.isInView) draw(chart)
    },
    remove: () => {
      chart.plot?.destroy()
      charts.delete(canvas)
      sizes.unobserve(canvas)
      views.unobserve(canvas)
      element.remove()
    },
  }
}

/** Colours changed: all charts are made anew when they are next updated. */
export function forgetColours() {
  for (const chart of charts.values()) chart.shape = ''
}

function draw(chart) {
  const { spec, canvas } = chart
  const data = [spec.times, ...spec.series.map(({ values }) => values)]
  const shape = shapeOf(spec)
  if (chart.plot === null || chart.shape !== shape) {
    chart.plot?.destroy()
    chart.shape = shape
    chart.plot = new uPlot(optionsOf(chart), data, canvas)
  } else chart.plot.setData(data)
  chart.isOld = false
}

function shapeOf({ series, isLog }) {
  return JSON.stringify([isLog, series.map(({ label, colour, look }) => [label, colour, look])])
}

function sizeOf({ canvas }) {
  return { width: Math.max(canvas.clientWidth, 200), height: Math.max(canvas.clientHeight, 100) }
}

function optionsOf(chart) {
  const { spec } = chart
  const muted = colourOf('muted')
  const axis = {
    stroke: muted,
    font: `11px ${colourOf('sans')}`,
    ticks: { show: false },
    grid: { stroke: colourOf('grid'), width: 1 },
  }
  return {
    ...sizeOf(chart),
    padding: [10, 10, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'l2met' },
      drag: { x: false, y: false },
      points: { size: 6 },
      y: false,
    },
    scales: {
      x: { time: true, range: () => [chart.model.viewFrom / 1000, chart.model.to / 1000] },
      y: { distr: spec.isLog ? 3 : 1, range: (_, low, high) => yRange(chart.spec, low, high) },
      behind: { range: (_, __, high) => [0, Math.max(high, 1) * 4] },
    },
    axes: [
      { ...axis, size: 26, gap: 4, values: (_, splits) => splits.map(timeLabel), space: 64 },
      {
        ...axis,
        size: 58,
        gap: 6,
        space: 34,
        values: (_, splits) => yLabels(chart.spec, splits),
        ...(spec.isLog && {
          splits: (_, __, low, high) => logSplits(low, high),
          filter: (_, splits) => splits,
        }),
        ...(spec.format === formatBytes && { incrs: BYTE_STEPS }),
      },
    ],
    series: [{}, ...spec.series.map((one) => seriesOptions(chart, one))],
    hooks: {
      drawClear: [(plot) => drawSilence(plot, chart.model)],
      draw: [
        (plot) => {
          chart.spec.draw?.(plot)
          drawMarks(plot, chart.model)
        },
      ],
      setCursor: [() => showReadout(chart)],
    },
  }
}

function seriesOptions(chart, { look = 'line', colour }) {
  const stroke = colourOf(colour)
  if (look === 'bars') {
    const paths = uPlot.paths.bars({ size: [1, 40], gap: 0 })
    return { scale: 'behind', paths, fill: stroke, width: 0, points: { show: false } }
  }
  if (look === 'stack') {
    const paths = uPlot.paths.bars({ size: [1, Infinity], gap: 0 })
    return { paths, fill: stroke, width: 0, points: { show: false } }
  }
  const shared = { gaps: longGaps, points: { show: true, size: 4, fill: stroke, filter: lonely } }
  if (look === 'dashed') return { ...shared, stroke, width: 1, dash: [4, 4] }
  return { ...shared, stroke, width: 1.6 }
}

/** Gaps (canvas pixels) too long to be drawn across. */
function longGaps(plot, _series, _from, _to, gaps) {
  const longest = spanOf(plot)
  return gaps.filter(([from, to]) => to - from > longest)
}

/** Points without a neighbour that a line could go to. */
function lonely(plot, series) {
  const values = plot.data[series]
  const times = plot.data[0]
  const reach = reachOf(times)
  const known = []
  for (let i = 0; i < values.length; i += 1) if (values[i] !== null) known.push(i)
  return known.filter((at, i) => {
    const isFar = (other) => other === undefined || Math.abs(times[at] - times[other]) > reach
    return isFar(known[i - 1]) && isFar(known[i + 1])
  })
}

function reachOf(times) {
  return Math.max(SPAN_S, times.length > 1 ? (times[1] - times[0]) * 1.5 : 0)
}

function spanOf(plot) {
  const { min, max } = plot.scales.x
  return (plot.bbox.width / (max - min)) * reachOf(plot.data[0])
}

function yRange({ isLog, least = 0, yRange: fixed }, low, high) {
  if (fixed !== undefined) return fixed
  if (isLog) {
    const [from, to] = low === null ? [0.01, 1] : [low, high]
    return [from / 1.5, to * 1.5]
  }
  const top = Math.max(high ?? 0, least)
  return [Math.min(low ?? 0, 0) * 1.1, top === 0 ? 1 : top * 1.1]
}

/** On a logarithmic axis powers of ten; where there are few, 2 and 5 times them too. */
function logSplits(low, high) {
  const factors = high / low < 200 ? [1, 2, 5] : [1]
  const splits = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
    for (const factor of factors) splits.push(Number((factor * 10 ** power).toPrecision(1)))
  }
  return splits.filter((split) => split >= low && split <= high)
}

function yLabels({ format }, splits) {
  return splits.map((value) => format(Number(value.toPrecision(10))))
}

function timeLabel(seconds, i, splits) {
  const ms = seconds * 1000
  const withSeconds = splits.length > 1 && splits[1] - splits[0] < 60
  const isMidnight = new Date(ms).getHours() === 0 && new Date(ms).getMinutes() === 0
  return isMidnight ? formatDay(ms) : formatClock(ms, withSeconds)
}

function showReadout(chart) {
  const { plot, spec, model, readout } = chart
  const index = plot?.cursor.idx ?? null
  const items = spec.readout?.(index) ?? readoutOf(spec, index)
  const shown = items.slice(0, MAX_READOUT)
  const time = index === null ? (model.isFile ? 'end' : 'now') : timeOf(model, index)
  while (readout.children.length > shown.length + 1) readout.lastChild.remove()
  while (readout.children.length < shown.length + 1) readout.append(make('span'))
  const [head, ...rest] = readout.children
  head.className = 'time'
  setText(head, items.length > MAX_READOUT ? `${time} · ${shown.length} of ${items.length}` : time)
  rest.forEach((element, i) => showItem(element, shown[i]))
}

function timeOf({ from, step, to }, index) {
  const start = from + index * step
  const day = to - from > 86_400_000 ? `${formatDay(start)} ` : ''
  return day + formatClock(start, step < 60_000)
}

function showItem(element, { label, colour, text }) {
  const key = `${label}\0${colour}`
  if (element.dataset.key !== key) {
    element.dataset.key = key
    element.className = 'item'
    const swatch = make('i')
    if (colour !== null) swatch.style.background = `var(--${colour})`
    element.replaceChildren(...(colour === null ? [] : [swatch]), label, make('b'))
  }
  setText(element.lastChild, text)
}

function readoutOf({ series, format }, index) {
  return series.map(({ label, colour, values, shown = values, format: own = format }) => {
    return { label, colour, text: own(index === null ? newest(shown) : (shown[index] ?? null)) }
  })
}

/** The last value there is. */
export function newest(values) {
  for (let i = values.length - 1; i >= 0; i -= 1) if (values[i] !== null) return values[i]
  return null
}

function moveCursor(event) {
  const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key]
  if (event.key === 'Escape') setCursor(null)
  if (by === undefined) return
  event.preventDefault()
  const chart = charts.get(event.currentTarget)
  if (chart === undefined || chart.plot === null) return
  const last = chart.spec.times.length - 1
  const index = chart.plot.cursor.idx ?? last
  setCursor(Math.min(Math.max(index + by, 0), last))
}

function setCursor(index) {
  for (const { plot, spec } of charts.values()) {
    if (plot === null) continue
    const left = index === null ? -10 : plot.valToPos(spec.times[index], 'x')
    plot.setCursor({ left, top: index === null ? -10 : 1 })
  }
}
