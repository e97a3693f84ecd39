const KIB = 1024
const SIZES = ['kB', 'MB', 'GB', 'TB', 'PB']

/** `6,000`; `12.5k` and the like beyond `exact`. */
export function countText(n: number, exact = 999_999_999): string {
  if (Math.abs(n) <= exact) return grouped(n, Number.isInteger(n) ? 0 : 2)
  for (const [size, mark] of SCALES)
    if (Math.abs(n) >= size) return `${significant(n / size)}${mark}`
  return significant(n)
}

/** Seconds as people say them: `420 µs`, `4.5 ms`, `312 ms`, `1.24 s`, `2m 05s`. */
export function durationText(seconds: number): string {
  const size = Math.abs(seconds)
  if (seconds < 0) return `-${durationText(size)}`
  if (size === 0) return '0 ms'
  if (size < 9.995e-7) return `${significant(size * 1e9)} ns`
  if (size < 9.995e-4) return `${significant(size * 1e6)} µs`
  if (size < 0.9995) return `${millisText(size * 1e3)} ms`
  if (size < 59.95) return `${size.toFixed(size < 9.995 ? 2 : 1)} s`
  return spanText(Math.round(size))
}

/** How long something lasted, in whole units: `26s`, `2m 05s`, `3h 12m`, `2d 04h`. */
export function spanText(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole}s`
  if (whole < 3600) return pair(whole, 60, 'm', 1, 's')
  return whole < 86_400 ? pair(whole, 3600, 'h', 60, 'm') : pair(whole, 86_400, 'd', 3600, 'h')
}

/** Bytes, whole ones above ten; like Heroku, 1 MB is 1,048,576 bytes. */
export function sizeText(bytes: number): string {
  if (bytes < 0) return `-${sizeText(-bytes)}`
  if (bytes < 999.5) return `${bytes < 9.95 ? significant(bytes) : bytes.toFixed(0)} B`
  let value = bytes
  let at = -1
  while (value >= 999.5 && at < SIZES.length - 1) {
    value /= KIB
    at += 1
  }
  return `${significant(value)} ${SIZES[at]!}`
}

/** A share of 0 to 1 as `94.2%`; what isn't nothing is never shown as 0, nor what isn't all as 100. */
export function percentText(ratio: number): string {
  const percent = ratio * 100
  if (percent > 0 && percent < 0.05) return percent < 0.01 ? '<0.01%' : `${percent.toFixed(2)}%`
  if (percent > 99.95 && percent < 100)
    return percent > 99.99 ? '>99.99%' : `${percent.toFixed(2)}%`
  return `${percent.toFixed(percent >= 999.5 ? 0 : 1)}%`
}

/** Per second: `0.42/s`, `83.2/s`, `4,998/s`. */
export function rateText(perSecond: number): string {
  if (perSecond >= 999.5) return `${grouped(perSecond, 0)}/s`
  if (perSecond > 0 && perSecond < 0.005) return '<0.01/s'
  return `${perSecond > 0 && perSecond < 1 ? perSecond.toFixed(2) : significant(perSecond)}/s`
}

/** A value in its base unit: s, bytes, ratio, another word, or none; plain numbers to `digits` places. */
export function valueText(value: number, unit: string, digits = 5): string {
  if (unit === 's') return durationText(value)
  if (unit === 'bytes') return sizeText(value)
  if (unit === 'ratio') return percentText(value)
  const text = numberText(value, digits)
  return unit === '' ? text : `${text} ${unit}`
}

const SCALES: readonly [number, string][] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
]

/** Three digits that count: 4.53, 45.3, 453. */
function significant(value: number): string {
  const decimals = decimalsOf(value)
  return value.toFixed(decimals).replace(/\.0+$/, '')
}

/** Whole above ten: Heroku's router says whole milliseconds, and percentiles are good to 1 %. */
function millisText(millis: number): string {
  return millis < 9.95 ? millis.toFixed(1).replace('.0', '') : millis.toFixed(0)
}

function numberText(value: number, digits: number): string {
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(digits))
  return Math.abs(rounded) < 1000 ? String(rounded) : grouped(rounded, 0)
}

function decimalsOf(value: number): number {
  const size = Math.abs(value)
  if (size >= 99.95 || size === 0) return 0
  if (size >= 9.995) return 1
  return size >= 0.1 ? 2 : Math.min(6, 2 - Math.floor(Math.log10(size)))
}

function grouped(value: number, decimals: number): string {
  const [whole = '', fraction] = value.toFixed(decimals).split('.')
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, ',')
  return fraction === undefined ? digits : `${digits}.${fraction}`
}

function pair(whole: number, big: number, bigMark: string, small: number, mark: string): string {
  const rest = Math.floor((whole % big) / small)
  return `${Math.floor(whole / big)}${bigMark} ${String(rest).padStart(2, '0')}${mark}`
}
