import { createChart } from './chart.js'
import { colourOf } from '../dom.js'
import { formatCount, formatSeconds } from '../format.js'

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
        columns: columnsOf(cells, bound, low, high),
        draw: (plot) => drawHeat(plot, model, cells, bound, most),
        readout: (index) => heatReadout(cells, bound, index),
      })
    },
  }
}

/** A column for each bucket, named by its upper bound in seconds. */
function columnsOf(cells, bound, low, high) {
  return Array.from({ length: high - low + 1 }, (_, i) => ({
    label: `≤ ${Number(bound(low + i).toPrecision(4))}`,
    values: cells.map((cell) => (cell === null ? null : countAt(cell, low + i))),
  }))
}

function countAt(cell, bucket) {
  const at = bucket - cell[0] + 1
  return at < 1 ? 0 : (cell.at(at) ?? 0)
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
  const cell = index < 0 ? null : cells.at(index)
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
