import { makeCsvButton } from '../tables/csv-button.js'
import { actOnKey, followFinger } from './gestures.js'
import { optionsOf } from './options.js'
import { showReadout } from './readout.js'
import { make, setText } from '../dom.js'

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
    make('header', {}, [
      heading,
      note === '' ? null : make('p.note', { text: note }),
      makeCsvButton(title, () => rowsOf(charts.get(canvas))),
    ]),
    readout,
    canvas,
  ])
  canvas.tabIndex = 0
  canvas.dataset.ownKeys = ''
  canvas.setAttribute('role', 'group')
  canvas.setAttribute(
    'aria-label',
    `${title}, chart; arrow keys move the cursor, + and − zoom about it`,
  )
  canvas.addEventListener('keydown', onKey)
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
    /** @param {object} model @param {import('./options.js').ChartSpec} spec */
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

/** A row for each step: when it begins (UTC), then the values of all series, in base units. */
function rowsOf({ model, spec }) {
  const series = spec.columns ?? spec.series.filter(({ label }) => label !== '')
  const head = ['time', ...series.map(({ label }) => label)]
  const rows = model.times.map((_, i) => [
    new Date(model.from + i * model.step).toISOString(),
    ...series.map(({ values, shown = values }) => shown.at(i)),
  ])
  return [head, ...rows]
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
    chart.plot = new uPlot({ ...sizeOf(chart), ...optionsOf(chart) }, data, canvas)
    followFinger(chart.plot, setCursor)
  } else chart.plot.setData(data)
  chart.isOld = false
}

function shapeOf({ series, isLog }) {
  return JSON.stringify([isLog, series.map(({ label, colour, look }) => [label, colour, look])])
}

function sizeOf({ canvas }) {
  return { width: Math.max(canvas.clientWidth, 200), height: Math.max(canvas.clientHeight, 100) }
}

/** By keys, how far the cursor goes. */
const STEPS = new Map([
  ['ArrowLeft', -1],
  ['ArrowRight', 1],
  ['PageUp', -10],
  ['PageDown', 10],
])

/** Arrows move the cursor, with Shift the range; + and - zoom about the cursor. */
function onKey(event) {
  const { plot, spec } = charts.get(event.currentTarget)
  if (plot === null || event.ctrlKey || event.metaKey || event.altKey) return
  const index = plot.cursor.idx ?? null
  if (event.key === 'Escape' && index !== null) {
    event.preventDefault()
    setCursor(null)
    return
  }
  const by = STEPS.get(event.key)
  if (by === undefined || event.shiftKey) {
    actOnKey(event, index === null ? null : spec.times.at(index) * 1000)
    return
  }
  event.preventDefault()
  const last = spec.times.length - 1
  setCursor(Math.min(Math.max((index ?? last) + by, 0), last))
  speak(charts.get(event.currentTarget))
}

/** What a screen reader says after the cursor was moved by keys, once it rests. */
const spoken = make('output.hidden', { 'aria-live': 'polite' })
const REST_MS = 400
let rest = 0

function speak({ readout }) {
  if (!spoken.isConnected) document.body.append(spoken)
  clearTimeout(rest)
  rest = setTimeout(() => {
    setText(spoken, [...readout.children].map(({ textContent }) => textContent).join(', '))
  }, REST_MS)
}

function setCursor(index) {
  for (const { plot, spec } of charts.values()) {
    if (plot === null) continue
    const left = index === null ? -10 : plot.valToPos(spec.times.at(index), 'x')
    plot.setCursor({ left, top: index === null ? -10 : 1 })
  }
}
