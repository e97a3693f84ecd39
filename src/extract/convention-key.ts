import { ascii, isExactly, startsWith } from '../model/bytes.ts'
import { textOf } from '../model/line.ts'
import { type Interner, NO_NAME, findName, internName } from '../parse/interner.ts'
import { meaningOf } from './convention-state.ts'

/** Keys of other conventions than ours, and words with a `#` in them. */
export const NOT_OURS = -2
/** A key of a value whose name no metric can have. */
export const BAD_NAME = -3

/** How `measure#` was written before 2013. */
export const LEGACY = ascii('measure.')

const SOURCE = ascii('source')
/** The last four are of Datadog's and SignalFx's dialects. */
export const VALUES = [
  'measure#',
  'count#',
  'sample#',
  'unique#',
  'metric#',
  'gauge#',
  'counter#',
  'cumulative#',
].map(ascii)
export const LABELS = ['tag#', 'metric#tag#', 'sfxdimension#'].map(ascii)
/** The longest that can mean something is shorter. */
const MAX_KEY_BYTES = 160

/**
 * The number of the key bytes[start, end), new or known; NOT_OURS, BAD_NAME, or NO_NAME when it means
 * something, is new, and there are too many. Only what means something is remembered: a log is full of words like
 * `#<User:0x00007f8b>`, each of them another one.
 */
export function keyNumber(keys: Interner, bytes: Uint8Array, start: number, end: number): number {
  const isOne = (prefix: Uint8Array): boolean => startsWith(bytes, start, end, prefix)
  const isLabel = LABELS.some(isOne)
  const isValue = !isLabel && VALUES.some(isOne)
  if (!isValue && !isLabel && !isOne(LEGACY) && !isExactly(bytes, start, end, SOURCE)) {
    return NOT_OURS
  }
  const known = findName(keys, bytes, start, end)
  if (known !== NO_NAME) return known
  if (end - start <= MAX_KEY_BYTES && meaningOf(textOf(bytes, start, end)) !== undefined) {
    return internName(keys, bytes, start, end)
  }
  return isValue ? BAD_NAME : NOT_OURS
}
