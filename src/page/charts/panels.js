import { createChart } from './chart.js'
import { formatCount, formatOf, formatRate, formatSeconds, formatSpan } from '../format.js'
import { alignedColumn } from '../state/compare.js'
import { stack } from '../state/model.js'

const CLASS_COLOURS = new Map([
  ['2xx', 's2xx'],
  ['3xx', 's3xx'],
  ['4xx', 's4xx'],
  ['5xx', 's5xx'],
])
const CLASS_ORDER = ['2xx', '3xx', '1xx', 'other', 'none', '4xx', '5xx']
/** The lowest latency drawn, s: the router counts whole milliseconds. */
const LEAST_S = 0.001

/** Requests a second, stacked by status class. */
export function createRequestsPanel() {
  const chart = createChart('Requests per second', { note: 'by status class' })
  return {
    element: chart.element,
    update: (model) => {
      const classes = stack(rates(model), model.lines).toSorted(
        (a, b) => CLASS_ORDER.indexOf(a.name) - CLASS_ORDER.indexOf(b.name),
      )
      let below = model.times.map(() => 0)
      const bars = classes.map(({ name, values }) => {
        below = values.map((value, i) => (value === null ? null : below.at(i) + value))
        return {
          label: name,
          colour: CLASS_COLOURS.get(name) ?? (/^[HR]/.test(name) ? 's5xx' : 'muted'),
          values: below,
          shown: values,
          look: 'stack',
        }
      })
      chart.update(model, {
        times: model.times,
        format: formatRate,
        series: [...bars.toReversed(), ...earlierRate(model)],
      })
    },
  }
}

/** By status class; where the focus is a code, all requests with it. */
function rates({ series: { requests }, step, focus }) {
  if (requests.perSecond !== null) return requests.perSecond
  const perSecond = requests.count.map((n) => (n === null ? null : n / (step / 1000)))
  return Object.fromEntries([[focus.code, perSecond]])
}

/** Percentiles of the service time, before bars of how many requests stand behind them. */
export function createLatencyPanel(title, seriesOf) {
  const chart = createChart(title, { note: 'percentiles, logarithmic' })
  return {
    element: chart.element,
    update: (model) => {
      const { count, p50, p95, p99 } = seriesOf(model)
      chart.update(model, {
        times: model.times,
        isLog: true,
        format: formatSeconds,
        series: [
          { label: 'requests', colour: 'bars', values: count, look: 'area', format: formatCount },
          percentile('p99', p99),
          percentile('p95', p95),
          percentile('p50', p50),
          ...earlierPercentiles(model, title),
        ],
      })
    },
  }
}

/** All requests a second at the time that is compared with, as a line. */
function earlierRate(model) {
  const { earlier } = model
  if (earlier === null) return []
  const { count } = earlier.answer.series.requests
  const rates = count.map((n) => (n === null ? null : n / earlier.answer.step))
  const values = alignedColumn(rates, earlier, model)
  return [{ label: earlier.title, colour: 'ink', values, look: 'dashed' }]
}

/** Percentiles of the time that is compared with, each of its own steps. */
function earlierPercentiles(model, title) {
  const service = model.earlier?.answer.series.service ?? null
  if (service === null || title !== 'Response time') return []
  return ['p95', 'p50'].map((name) => {
    const column = name === 'p95' ? service.p95 : service.p50
    const { values, shown } = percentile(name, alignedColumn(column, model.earlier, model))
    const label = `${name} ${model.earlier.title}`
    return { label, colour: name, values, shown, look: 'dashed' }
  })
}

/** How long requests waited for a process: shown where the app logs it. */
export function createQueuePanel() {
  const panel = createLatencyPanel('Queue time', ({ series }) => series.queue)
  panel.element.hidden = true
  return {
    element: panel.element,
    update: (model) => {
      const isLogged = model.series.queue?.count.some((count) => count > 0) ?? false
      panel.element.hidden = !isLogged
      if (isLogged) panel.update(model)
    },
  }
}

function percentile(name, values) {
  const drawn = values.map((value) => (value === null ? null : Math.max(value, LEAST_S)))
  return { label: name, colour: name, values: drawn, shown: values }
}

/** One metric of the app's own; `key` is its name in the answer, as `measure:db.latency`. */
export function createOwnPanel(key) {
  const [prefix, ...rest] = key.split(':')
  const chart = createChart(rest.join(':'), { note: prefix, isSmall: true })
  return {
    element: chart.element,
    remove: chart.remove,
    update: (model, metric) => chart.update(model, ownSpec(prefix, metric, model)),
  }
}

function ownSpec(prefix, metric, model) {
  const { times } = model
  const format = formatOf(metric.unit)
  if (prefix === 'measure') {
    const lines = [
      ['p99', metric.p99],
      ['p95', metric.p95],
      ['p50', metric.p50],
    ].map(([q, values]) => ({ label: q, colour: q, values }))
    const count = {
      label: 'values',
      colour: 'bars',
      values: metric.count,
      look: 'area',
      format: formatCount,
    }
    return { times, format, series: [count, ...lines] }
  }
  if (prefix === 'sample')
    return {
      times,
      format,
      isGauge: true,
      series: [{ label: 'last', colour: 'd1', values: metric.last }],
    }
  const label = `${prefix === 'unique' ? 'different' : 'sum'} in ${formatSpan(model.step / 1000)}`
  return { times, format: formatCount, series: [{ label, colour: 'd1', values: metric.count }] }
}
