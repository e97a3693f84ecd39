import { createChart, newest } from './chart.js'
import { colourOf } from './dom.js'
import {
  formatBytes,
  formatCount,
  formatNumber,
  formatOf,
  formatRate,
  formatSeconds,
  formatSpan,
} from './format.js'
import { stack } from './model.js'

const CLASS_COLOURS = { '2xx': 's2xx', '3xx': 's3xx', '4xx': 's4xx', '5xx': 's5xx' }
const CLASS_ORDER = ['2xx', '3xx', '1xx', 'other', 'none', '4xx', '5xx']
const DYNO_COLOURS = ['d1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8']
/** The step that runs is shown once it is this old: before, too little of it has come, ms. */
const SETTLED_MS = 5000
/** The lowest latency drawn, s: the router counts whole milliseconds. */
const LEAST_S = 0.001

/** Requests a second, stacked by status class. */
export function createRequestsPanel() {
  const chart = createChart('Requests per second', { note: 'by status class' })
  return {
    element: chart.element,
    update: (model) => {
      const classes = stack(model.series.requests.perSecond, model.lines)
        .map(({ name, values }) => ({ name, values: settled(model, values) }))
        .toSorted((a, b) => CLASS_ORDER.indexOf(a.name) - CLASS_ORDER.indexOf(b.name))
      let below = model.times.map(() => 0)
      const bars = classes.map(({ name, values }) => {
        below = values.map((value, i) => (value === null ? null : below[i] + value))
        return {
          label: name,
          colour: CLASS_COLOURS[name] ?? 'muted',
          values: below,
          shown: values,
          look: 'stack',
        }
      })
      chart.update(model, { times: model.times, format: formatRate, series: bars.toReversed() })
    },
  }
}

/** Percentiles of the service time, before bars of how many requests stand behind them. */
export function createLatencyPanel(title, name) {
  const chart = createChart(title, { note: 'percentiles, logarithmic' })
  return {
    element: chart.element,
    update: (model) => {
      const { count, p50, p95, p99 } = model.series[name]
      chart.update(model, {
        times: model.times,
        isLog: true,
        format: formatSeconds,
        series: [
          { label: 'requests', colour: 'bars', values: count, look: 'bars', format: formatCount },
          percentile('p99', p99),
          percentile('p95', p95),
          percentile('p50', p50),
        ],
      })
    },
  }
}

function percentile(name, values) {
  const drawn = values.map((value) => (value === null ? null : Math.max(value, LEAST_S)))
  return { label: name, colour: name, values: drawn, shown: values }
}

/** How many requests took how long, from the buckets of the sketches. */
export function createHeatPanel() {
  const chart = createChart('Latency heat map', { note: 'requests by service time' })
  return {
    element: chart.element,
    update: (model) => {
      const { cells, perOctave } = model.series.heat
      const bound = (bucket) => 2 ** (bucket / perOctave)
      const { low, high, most } = extentOf(cells)
      chart.update(model, {
        times: model.times,
        isLog: true,
        format: formatSeconds,
        yRange: [bound(low - 1), bound(high)],
        series: [{ label: '', colour: 'muted', values: model.times.map(() => null) }],
        draw: (plot) => drawHeat(plot, model, cells, bound, most),
        readout: (index) => heatReadout(cells, bound, index),
      })
    },
  }
}

function extentOf(cells) {
  const known = cells.filter((cell) => cell !== null)
  if (known.length === 0) return { low: -28, high: 4, most: 1 }
  return {
    low: Math.min(...known.map(([low]) => low)),
    high: Math.max(...known.map((cell) => cell[0] + cell.length - 2)),
    most: usualMost(known),
  }
}

/** Nearly the greatest count: one crowded cell shall not pale all others. */
function usualMost(cells) {
  const counts = cells.flatMap((cell) => cell.slice(1)).filter((n) => n > 0)
  return counts.toSorted((a, b) => a - b)[Math.floor(counts.length * 0.98)]
}

function drawHeat(plot, { from, step }, cells, bound, most) {
  const { ctx, bbox } = plot
  const colours = rampOf()
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  const heights = new Map()
  const heightOf = (bucket) => {
    let height = heights.get(bucket)
    if (height === undefined) {
      height = Math.round(plot.valToPos(bound(bucket), 'y', true))
      heights.set(bucket, height)
    }
    return height
  }
  // By colour: to set one is dearer than to fill a rectangle.
  const rects = colours.map(() => [])
  cells.forEach((cell, i) => {
    if (cell === null) return
    const left = Math.round(plot.valToPos((from + i * step) / 1000, 'x', true))
    const right = Math.round(plot.valToPos((from + (i + 1) * step) / 1000, 'x', true))
    for (let at = 1; at < cell.length; at += 1) {
      if (cell[at] === 0) continue
      const bucket = cell[0] + at - 1
      const top = heightOf(bucket)
      // The square root keeps single slow requests in sight beside thousands of fast ones.
      const heat = Math.sqrt(Math.min(cell[at] / most, 1))
      rects[Math.ceil(heat * (colours.length - 1))].push(
        left,
        top,
        Math.max(right - left - 0.5, 1),
        Math.max(heightOf(bucket - 1) - top - 0.5, 1),
      )
    }
  })
  for (const [i, list] of rects.entries()) {
    ctx.fillStyle = colours[i]
    for (let at = 0; at < list.length; at += 4) {
      ctx.fillRect(list[at], list[at + 1], list[at + 2], list[at + 3])
    }
  }
  ctx.restore()
}

function rampOf() {
  const stops = ['heat-0', 'heat-1', 'heat-2', 'heat-3'].map((name) => parseColour(colourOf(name)))
  return Array.from({ length: 33 }, (_, i) => {
    const at = (i / 32) * (stops.length - 1)
    const low = Math.min(Math.floor(at), stops.length - 2)
    const mixed = stops[low].map((part, k) => part + (stops[low + 1][k] - part) * (at - low))
    return `rgb(${mixed.map(Math.round).join(' ')})`
  })
}

function parseColour(hex) {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
}

function heatReadout(cells, bound, index) {
  const cell = index === null ? newest(cells) : cells[index]
  if (cell === null || cell === undefined) return [{ label: 'requests', colour: null, text: '–' }]
  const counts = cell.slice(1)
  const most = counts.indexOf(Math.max(...counts))
  const from = bound(cell[0] + most - 1)
  const slowest = bound(cell[0] + counts.length - 1)
  return [
    { label: 'requests', colour: null, text: formatCount(counts.reduce((sum, n) => sum + n, 0)) },
    {
      label: 'most at',
      colour: null,
      text: `${formatSeconds(from)} – ${formatSeconds(from * bound(1))}`,
    },
    { label: 'slowest under', colour: null, text: formatSeconds(slowest) },
  ]
}

/** Memory of each dyno, with the quota as a dashed line. */
export function createMemoryPanel() {
  const chart = createChart('Memory', { note: 'per dyno; dashed: quota' })
  return {
    element: chart.element,
    update: (model) => {
      const dynos = Object.entries(model.series.memory.dynos).filter(
        ([, { total }]) => total !== undefined,
      )
      const lines = dynos.map(([name, { total }], i) => ({
        label: name,
        colour: DYNO_COLOURS[i % DYNO_COLOURS.length],
        values: total,
      }))
      chart.update(model, {
        times: model.times,
        format: formatBytes,
        series: [...lines, ...quotasOf(dynos, model.times)],
      })
    },
  }
}

/** One line for each size of dyno. */
function quotasOf(dynos, times) {
  const quotas = new Set(dynos.map(([, { quota }]) => (quota === undefined ? null : newest(quota))))
  quotas.delete(null)
  return [...quotas]
    .toSorted((a, b) => a - b)
    .map((quota) => ({
      label: 'quota',
      colour: 'quota',
      values: times.map(() => quota),
      look: 'dashed',
    }))
}

export function createLoadPanel() {
  const chart = createChart('Load', { note: 'per dyno, average of one minute' })
  return {
    element: chart.element,
    update: (model) => {
      const dynos = Object.entries(model.series.load.dynos).filter(
        ([, load]) => load['1m'] !== undefined,
      )
      chart.update(model, {
        times: model.times,
        format: formatNumber,
        least: 1,
        series: dynos.map(([name, load], i) => {
          return { label: name, colour: DYNO_COLOURS[i % DYNO_COLOURS.length], values: load['1m'] }
        }),
      })
    },
  }
}

/** One metric of the app's own; `key` is its name in the answer, as `measure:db.latency`. */
export function createOwnPanel(key) {
  const [prefix, ...rest] = key.split(':')
  const chart = createChart(rest.join(':'), { note: prefix, isSmall: true })
  return {
    element: chart.element,
    remove: chart.remove,
    update: (model) => chart.update(model, ownSpec(prefix, model.series[key], model)),
  }
}

function ownSpec(prefix, metric, model) {
  const { times } = model
  const format = formatOf(metric.unit)
  if (prefix === 'measure') {
    const lines = ['p99', 'p95', 'p50'].map((q) => ({ label: q, colour: q, values: metric[q] }))
    const count = {
      label: 'values',
      colour: 'bars',
      values: metric.count,
      look: 'bars',
      format: formatCount,
    }
    return { times, format, series: [count, ...lines] }
  }
  if (prefix === 'sample')
    return { times, format, series: [{ label: 'last', colour: 'd1', values: metric.last }] }
  const perStep = settled(model, metric.count)
  const label = `${prefix === 'unique' ? 'different' : 'sum'} in ${formatSpan(model.step / 1000)}`
  return { times, format: formatCount, series: [{ label, colour: 'd1', values: perStep }] }
}

/** Without the step that runs while too little of it has come, unless it is all there is. */
function settled({ from, step, now }, values) {
  const running = Math.floor((now - from) / step)
  const isYoung = now - (from + running * step) < SETTLED_MS
  if (!isYoung || typeof values[running - 1] !== 'number') return values
  return values.map((value, i) => (i === running ? null : value))
}
