import { tickDate } from '../state/zone.js'
import { cursorOptions, takeSelection } from './gestures.js'
import { drawMarks, drawSilence, drawUnfinished } from './layers.js'
import { showReadout } from './readout.js'
import { colourOf } from '../dom.js'
import { formatBytes, formatClock, formatDay } from '../format.js'

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
 * @property {boolean} [isGauge] the last value is true until the next one comes
 * @property {{label: string, values: (number | null)[]}[]} [columns] in place of the series in a CSV file
 * @property {(index: number) => ReadoutItem[]} [readout] in place of the values of the series
 *
 * @typedef {object} ChartSeries
 * @property {string} label
 * @property {string} colour name of a colour of the style sheet
 * @property {(number | null)[]} values
 * @property {(number | null)[]} [shown] in place of values in the readout
 * @property {'line' | 'stack' | 'area' | 'dashed' | 'high' | 'low'} [look] a stack is a bar over
 *   the whole step, an area is small and pale behind lines, between high and low is a band
 * @property {(value: number) => string} [format]
 *
 * @typedef {{label: string, colour: string | null, text: string}} ReadoutItem
 */

/** Steps of an axis of bytes, so that it says 128 MB and not 122 MB. */
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power)
/** Lines go on across gaps up to this long: a dyno speaks every 20 s. */
const SPAN_S = 70
/** Room to the right of a chart, and of a digit in the font of the axes. */
const PADDING_PX = 10
const DIGIT_PX = 6.5

/** What uPlot is told of a chart: axes, scales and how series look; all but its size. */
export function optionsOf(chart) {
  const { spec } = chart
  const muted = colourOf('muted')
  const axis = {
    stroke: muted,
    font: `11px ${colourOf('sans')}`,
    ticks: { show: false },
    grid: { stroke: colourOf('grid'), width: 1 },
  }
  return {
    padding: [10, PADDING_PX, 0, 0],
    legend: { show: false },
    cursor: cursorOptions(),
    tzDate: tickDate,
    scales: {
      x: { time: true, range: () => [chart.model.viewFrom / 1000, chart.model.viewTo / 1000] },
      y: { distr: spec.isLog ? 3 : 1, range: (_, low, high) => yRange(chart.spec, low, high) },
      behind: { range: (_, __, high) => [0, Math.max(high, 1) * 4] },
    },
    axes: [
      { ...axis, size: 26, gap: 4, values: timeLabels, space: 64 },
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
    bands: bandsOf(spec),
    series: [{}, ...spec.series.map((one) => seriesOptions(chart, one))],
    hooks: {
      drawClear: [(plot) => drawSilence(plot, chart.model)],
      draw: [
        (plot) => {
          chart.spec.draw?.(plot)
          drawUnfinished(plot, chart.model)
          drawMarks(plot, chart.model)
        },
      ],
      setCursor: [() => showReadout(chart)],
      setSelect: [takeSelection],
    },
  }
}

/** The band between the series with the looks high and low. */
function bandsOf({ series }) {
  const [high, low] = ['high', 'low'].map((side) => series.findIndex(({ look }) => look === side))
  return high < 0 ? [] : [{ series: [high + 1, low + 1], fill: colourOf('band') }]
}

function seriesOptions(chart, { look = 'line', colour }) {
  const stroke = colourOf(colour)
  if (look === 'area') {
    const edge = colourOf('bars-edge')
    return { scale: 'behind', fill: stroke, stroke: edge, width: 1, points: { show: false } }
  }
  if (look === 'stack') {
    const paths = uPlot.paths.bars({ size: [1, Infinity], gap: 0 })
    return { paths, fill: stroke, width: 0, points: { show: false } }
  }
  const shared = { gaps: longGaps, points: { show: true, size: 4, fill: stroke, filter: lonely } }
  if (look === 'high' || look === 'low') return { ...shared, stroke, width: 1 }
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
  const values = plot.data.at(series)
  const times = plot.data[0]
  const reach = reachOf(times)
  const known = []
  for (let i = 0; i < values.length; i += 1) if (values[i] !== null) known.push(i)
  return known.filter((at, i) => {
    const isFar = (other) => other === undefined || Math.abs(times.at(at) - times.at(other)) > reach
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

/** The last is left out where the edge would cut it. */
function timeLabels(plot, splits) {
  const room = plot.bbox.width / devicePixelRatio + PADDING_PX
  return splits.map((seconds, i) => {
    const label = timeLabel(seconds, i, splits)
    return plot.valToPos(seconds, 'x') + (label.length * DIGIT_PX) / 2 > room ? '' : label
  })
}

/** The clock; the day where it begins, and at the left end of a range that crosses midnight. */
function timeLabel(seconds, i, splits) {
  const ms = seconds * 1000
  const withSeconds = splits.length > 1 && splits[1] - splits[0] < 60
  const clock = formatClock(ms, withSeconds)
  const day = formatDay(ms)
  const isNewDay = day !== formatDay((splits[i - 1] ?? splits.at(-1)) * 1000)
  if (!isNewDay) return clock
  return clock === '00:00' ? day : `${day} ${clock}`
}
