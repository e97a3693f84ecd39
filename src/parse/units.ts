import type { Unit } from '../model/series.ts'
import { isExactly } from '../model/bytes.ts'

/** How a unit is turned into its base: times `times`, or, where that is 0, divided by `per`. */
export interface UnitScale {
  readonly base: Unit
  readonly times: number
  readonly per: number
}

const MAX_UNIT = 16

/** Looked through one by one, so the commonest are first. */
const SYMBOLS = [
  unit('', '', 1),
  unit('ms', 's', 0, 1e3),
  unit('s', 's', 1),
  unit('B', 'bytes', 1),
  unit('bytes', 'bytes', 1),
  unit('MB', 'bytes', 2 ** 20),
  unit('kB', 'bytes', 2 ** 10),
  unit('pages', 'pages', 1),
  unit('%', 'ratio', 0, 100),
  unit('us', 's', 0, 1e6),
  // The micro sign, and the Greek letter that looks alike.
  unit('\u00b5s', 's', 0, 1e6),
  unit('\u03bcs', 's', 0, 1e6),
  unit('ns', 's', 0, 1e9),
  unit('m', 's', 60),
  unit('h', 's', 3600),
  unit('hr', 's', 3600),
  unit('KB', 'bytes', 2 ** 10),
  unit('kb', 'bytes', 2 ** 10),
  unit('mb', 'bytes', 2 ** 20),
  unit('GB', 'bytes', 2 ** 30),
  unit('gb', 'bytes', 2 ** 30),
  unit('TB', 'bytes', 2 ** 40),
  unit('tb', 'bytes', 2 ** 40),
]

/** Words, in capital or small letters. */
const WORDS = new Map<string, UnitScale>([
  ...words('sec secs second seconds', 's', 1),
  ...words('msec msecs millis millisecond milliseconds', 's', 0, 1e3),
  ...words('usec usecs micros microsecond microseconds', 's', 0, 1e6),
  ...words('nsec nsecs nanos nanosecond nanoseconds', 's', 0, 1e9),
  ...words('min mins minute minutes', 's', 60),
  ...words('hrs hour hours', 's', 3600),
  ...words('day days', 's', 86_400),
  ...words('byte bytes', 'bytes', 1),
  ...words('kib kilobyte kilobytes kibibyte kibibytes', 'bytes', 2 ** 10),
  ...words('mib megabyte megabytes mebibyte mebibytes', 'bytes', 2 ** 20),
  ...words('gib gigabyte gigabytes gibibyte gibibytes', 'bytes', 2 ** 30),
  ...words('tib terabyte terabytes tebibyte tebibytes', 'bytes', 2 ** 40),
  ...words('percent', 'ratio', 0, 100),
])

/** The unit that bytes[start, end) names; another word of letters is its own. Undefined when it is no word. */
export function findUnit(bytes: Uint8Array, start: number, end: number): UnitScale | undefined {
  for (const known of SYMBOLS) if (isExactly(bytes, start, end, known.bytes)) return known
  if (end - start > MAX_UNIT) return undefined
  for (let i = start; i < end; i += 1) {
    const lower = bytes[i]! | 32
    if (lower < 97 || lower > 122) return undefined
  }
  const text = Buffer.from(bytes.subarray(start, end)).toString('latin1')
  return WORDS.get(text.toLowerCase()) ?? { base: text, times: 1, per: 1 }
}

/** The unit that a word names. */
export function unitNamed(word: string): UnitScale | undefined {
  return SYMBOLS.find(({ text }) => text === word) ?? WORDS.get(word.toLowerCase())
}

/** The same for the last part of a metric's name, as in `query.ms`. `latency.min` is the least one. */
export function unitOfLastPart(word: string): UnitScale | undefined {
  return word === 'min' ? undefined : unitNamed(word)
}

function unit(text: string, base: Unit, times: number, per = 1) {
  return { text, bytes: Buffer.from(text), base, times, per }
}

function words(texts: string, base: Unit, times: number, per = 1): [string, UnitScale][] {
  return texts.split(' ').map((text) => [text, { base, times, per }])
}
