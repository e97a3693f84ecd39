import { formatBytes, formatNumber } from '../format.js'
import { isFound } from '../state/find.js'
import { createChart } from './chart.js'
import { lastKnown, newest } from './readout.js'

const COLOURS = ['d1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8']

/** Memory of each dyno, with the quota as a dashed line. */
export function createMemoryPanel() {
  const chart = createChart('Memory', { note: 'per dyno; dashed: quota' })
  return {
    element: chart.element,
    update: (model) => {
      const dynos = dynosOf(model, model.series.memory, 'total')
      chart.update(model, {
        times: model.times,
        format: formatBytes,
        isGauge: true,
        series: [...linesOf(model, dynos), ...quotasOf(dynos, model.times)],
      })
    },
  }
}

export function createLoadPanel() {
  const chart = createChart('Load', { note: 'per dyno, average of one minute' })
  return {
    element: chart.element,
    update: (model) => {
      const dynos = dynosOf(model, model.series.load, '1m')
      chart.update(model, {
        times: model.times,
        format: formatNumber,
        isGauge: true,
        least: 1,
        series: linesOf(model, dynos),
      })
    },
  }
}

/** The dynos that report a kind of value and that are looked for. */
function dynosOf({ find }, { dynos }, kind) {
  return Object.entries(dynos)
    .map(([name, columns]) => ({ name, values: new Map(Object.entries(columns)) }))
    .filter(({ name, values }) => values.has(kind) && isFound(find, name))
    .map(({ name, values }) => ({ name, values: values.get(kind), quota: values.get('quota') }))
}

/** A line for each dyno; of many, for those with the greatest values now, and the rest as a band. */
function linesOf(model, dynos) {
  const nowOf = ({ values }) => lastKnown(values, model.last, model.times.length) ?? -Infinity
  const isMany = dynos.length > COLOURS.length
  const ranked = isMany ? dynos.toSorted((a, b) => nowOf(b) - nowOf(a)) : dynos
  const lines = ranked
    .slice(0, COLOURS.length)
    .map(({ name, values }, i) => ({ label: name, colour: COLOURS.at(i), values }))
  return isMany ? [...lines, ...bandOf(ranked.slice(COLOURS.length), model)] : lines
}

/** The least, middle and greatest value of many dynos in each step. */
function bandOf(dynos, { times }) {
  const steps = times.map((_, i) => {
    const known = dynos.map(({ values }) => values.at(i)).filter((value) => value !== null)
    return known.toSorted((a, b) => a - b)
  })
  const column = (pick) => steps.map((sorted) => (sorted.length === 0 ? null : pick(sorted)))
  const count = `${dynos.length} others`
  const shared = { colour: 'bars-edge' }
  return [
    { ...shared, label: `${count}: max`, values: column((sorted) => sorted.at(-1)), look: 'high' },
    { ...shared, label: 'median', values: column(middleOf), look: 'dashed' },
    { ...shared, label: 'min', values: column((sorted) => sorted.at(0)), look: 'low' },
  ]
}

function middleOf(sorted) {
  return sorted.at(Math.floor((sorted.length - 1) / 2))
}

/** One line for each size of dyno. */
function quotasOf(dynos, times) {
  const quotas = new Set(dynos.map(({ quota }) => (quota === undefined ? null : newest(quota))))
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
