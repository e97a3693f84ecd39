import { inZone } from './state/zone.js'

const NONE = '–'
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const MINUTE = 60
const HOUR = 3600
const DAY = 86_400

/** 12,345 */
export function formatCount(value) {
  if (value === null || value === undefined) return NONE
  return Number.isInteger(value) ? whole.format(value) : formatNumber(value)
}

/** Three significant digits: 0.0123, 1.23, 12.3, 123, 12,345. */
export function formatNumber(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE
  const size = Math.abs(value)
  if (size >= 100 || value === 0) return whole.format(value)
  if (size < 0.001) return value.toExponential(1)
  return String(Number(value.toPrecision(3)))
}

/** 12.3/s */
export function formatRate(value) {
  return value === null || value === undefined ? NONE : `${formatNumber(value)}/s`
}

/** 4 ms, 1.23 s, 2 min 5 s */
export function formatSeconds(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE
  const size = Math.abs(value)
  if (size === 0) return '0 ms'
  if (size < 0.000_999_5) return `${Number((value * 1e6).toPrecision(3))} µs`
  if (size < 0.999_5) return `${Number((value * 1000).toPrecision(3))} ms`
  if (size < 100) return `${Number(value.toPrecision(3))} s`
  return formatSpan(value)
}

/** As Heroku counts: 1 MB is 2^20 bytes. */
export function formatBytes(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let size = Math.abs(value)
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1024
    unit += 1
  }
  return `${value < 0 ? '−' : ''}${Number(size.toPrecision(3))} ${units[unit]}`
}

/** 12.3 %; what isn't quite everything is never rounded to it. */
export function formatShare(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE
  const percent = value * 100
  if (percent === 0) return '0 %'
  if (percent < 100 && percent > 99.9) return `${(Math.floor(percent * 1000) / 1000).toFixed(3)} %`
  if (percent < 0.01) return '< 0.01 %'
  return `${Number(percent.toPrecision(3))} %`
}

/** How values of a unit are written. */
export function formatOf(unit) {
  if (unit === 's') return formatSeconds
  if (unit === 'bytes') return formatBytes
  if (unit === 'ratio') return formatShare
  if (unit === '') return formatNumber
  return (value) => `${formatNumber(value)} ${unit}`
}

/** 3 s, 5 min, 2 h 10 min, 3 d */
export function formatSpan(seconds) {
  const s = Math.round(seconds)
  if (s < 100) return `${s} s`
  if (s < HOUR) return joined(Math.floor(s / MINUTE), 'min', s % MINUTE, 's', s < 10 * MINUTE)
  if (s < DAY)
    return joined(Math.floor(s / HOUR), 'h', Math.floor((s % HOUR) / MINUTE), 'min', true)
  return joined(Math.floor(s / DAY), 'd', Math.floor((s % DAY) / HOUR), 'h', s < 10 * DAY)
}

/** 14:03:20, in the zone of the page. */
export function formatClock(ms, withSeconds = true) {
  const iso = inZone(ms).toISOString()
  return iso.slice(11, withSeconds ? 19 : 16)
}

/** 21 Nov, in the zone of the page. */
export function formatDay(ms) {
  return inZone(ms).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
}

/** 14:03:20; with its day where a range crosses midnight, or isn't of today. */
export function formatTime(ms, { from, to, now = to }, withSeconds = true) {
  const isOneDay = formatDay(from) === formatDay(to - 1) && formatDay(from) === formatDay(now)
  return isOneDay
    ? formatClock(ms, withSeconds)
    : `${formatDay(ms)} ${formatClock(ms, withSeconds)}`
}

/** 30 Nov 14:00 to 15:00 */
export function formatRange(from, to) {
  const isOneDay = formatDay(from) === formatDay(to)
  const isFine = from % 60_000 !== 0 || to % 60_000 !== 0
  const end = isOneDay ? '' : `${formatDay(to)} `
  return `${formatDay(from)} ${formatClock(from, isFine)} to ${end}${formatClock(to, isFine)}`
}

function joined(big, bigUnit, small, smallUnit, isFine) {
  return small === 0 || !isFine ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`
}
