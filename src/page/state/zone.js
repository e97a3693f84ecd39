import { readKept, writeKept } from './kept.js'

/* The time zone in which the page writes times: that of the machine, or UTC. */

const KEY = 'l2met-zone'
const MINUTE_MS = 60_000

let isUtc = readKept(KEY) === 'utc'

/** A button that names the zone and changes it; `onChange` is called after each change. */
export function startZone(button, onChange) {
  const show = () => {
    button.textContent = zoneName()
    button.title = `Times are ${isUtc ? 'UTC' : `local (${localZone()})`}: press for ${isUtc ? 'local time' : 'UTC'}`
    button.setAttribute('aria-label', button.title)
  }
  button.addEventListener('click', () => {
    isUtc = !isUtc
    writeKept(KEY, isUtc ? 'utc' : 'local')
    show()
    onChange()
  })
  show()
}

/** `UTC`, or how far local time is from it: `UTC+1`, `UTC-3:30`; `local` where they agree. */
export function zoneName(ms = Date.now()) {
  if (isUtc) return 'UTC'
  const ahead = -new Date(ms).getTimezoneOffset()
  if (ahead === 0) return 'local = UTC'
  const [hours, minutes] = [Math.floor(Math.abs(ahead) / 60), Math.abs(ahead) % 60]
  const rest = minutes === 0 ? '' : `:${String(minutes).padStart(2, '0')}`
  return `UTC${ahead > 0 ? '+' : '−'}${hours}${rest}`
}

/** A date whose UTC fields are those of the zone at a time (ms). */
export function inZone(ms) {
  const offset = isUtc ? 0 : new Date(ms).getTimezoneOffset() * MINUTE_MS
  return new Date(ms - offset)
}

/** For uPlot, which places ticks by the local fields of a date. */
export function tickDate(seconds) {
  const ms = seconds * 1000
  if (!isUtc) return new Date(ms)
  return new Date(ms + new Date(ms).getTimezoneOffset() * MINUTE_MS)
}

/** As an input of type datetime-local takes it. */
export function toInput(ms) {
  return inZone(ms).toISOString().slice(0, 19)
}

/** The time (ms) of what such an input holds; NaN where it holds none. */
export function fromInput(text) {
  return Date.parse(isUtc && text !== '' ? `${text}Z` : text)
}

function localZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}
