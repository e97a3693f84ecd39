import { make, setText } from '../dom.js'
import { formatClock, formatDay } from '../format.js'

const MAX_READOUT = 8

/** Writes the values at the cursor, or the newest, above a chart. */
export function showReadout(chart) {
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
  rest.forEach((element, i) => showItem(element, shown.at(i)))
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
    return { label, colour, text: own(index === null ? newest(shown) : (shown.at(index) ?? null)) }
  })
}

/** The last value there is. */
export function newest(values) {
  for (let i = values.length - 1; i >= 0; i -= 1) if (values[i] !== null) return values[i]
  return null
}
