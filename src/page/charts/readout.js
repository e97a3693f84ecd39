import { make, setText } from '../dom.js'
import { formatTime } from '../format.js'

const MAX_READOUT = 12
/** A gauge is known for so long after its last line; after that a dyno is gone, ms. */
const KNOWN_MS = 180_000

/** Writes the values at the cursor, or those of the last step that is over, above a chart. */
export function showReadout(chart) {
  const { plot, spec, model, readout } = chart
  const at = plot?.cursor.idx ?? null
  const index = at ?? model.last
  const items = spec.readout?.(index) ?? readoutOf(spec, model, index)
  const shown = items.slice(0, MAX_READOUT)
  const time = timeOf(model, at)
  while (readout.children.length > shown.length + 1) readout.lastChild.remove()
  while (readout.children.length < shown.length + 1) readout.append(make('span'))
  const [head, ...rest] = readout.children
  head.className = 'time'
  setText(head, items.length > MAX_READOUT ? `${time} · ${shown.length} of ${items.length}` : time)
  rest.forEach((element, i) => showItem(element, shown.at(i)))
}

/** The start of the step at the cursor. Without a cursor it is now, or the last step. */
function timeOf(model, at) {
  if (at === null && model.isFile) return 'end'
  if (at === null && model.isLive) return 'now'
  const index = Math.max(at ?? model.last, 0)
  const time = formatTime(model.from + index * model.step, model, model.step < 60_000)
  return index > model.last ? `${time} (unfinished)` : time
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

function readoutOf({ series, format, isGauge = false }, model, index) {
  const reach = isGauge ? Math.max(1, Math.floor(KNOWN_MS / model.step)) : 0
  return series
    .filter(({ label }) => label !== '')
    .map(({ label, colour, values, shown = values, format: own = format }) => {
      return { label, colour, text: own(lastKnown(shown, index, reach)) }
    })
}

/** The value at a place, or the last one up to `reach` places before; null where there is none. */
export function lastKnown(values, index, reach) {
  for (let i = index; i >= Math.max(0, index - reach); i -= 1) {
    const value = values.at(i) ?? null
    if (value !== null) return value
  }
  return null
}

/** The last value there is. */
export function newest(values) {
  for (let i = values.length - 1; i >= 0; i -= 1) if (values[i] !== null) return values[i]
  return null
}
