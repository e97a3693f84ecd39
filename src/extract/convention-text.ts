import { ascii, findByte, isDigit, isExactly, startsWith } from '../model/bytes.ts'
import type { Pair } from '../parse/pairs.ts'
import { LABELS, LEGACY, VALUES } from './convention-key.ts'

/** Where the search for the conventions of a message is; one is used again and again. */
export interface Cursor {
  at: number
  /** Place of the quote that ends the string which `at` is in, -1 outside of strings. */
  stringEnd: number
}

/** What unescape leaves of an escaped quote. */
export const INNER_QUOTE = 2

const SPACE = 32
const QUOTE = 34
const HASH = 35
const EQUALS = 61
const BACKSLASH = 92
const COLON = 58
const MINUS = 45

const SOURCE = ascii('source=')
/** Of two that begin alike the longer one is first. */
const WORDS = [...LABELS, ...VALUES, SOURCE, LEGACY]

const IS_FIRST = tableOf(WORDS.map((word) => word[0]!))
/** What a logger or a person writes right before a key: a word never ends in one of these. */
const IS_BEFORE = tableOf(ascii('"\'`([{<,;:|>)]}'))
const IS_JSON_NUMBER = tableOf(ascii('0123456789+-.eE'))
const IS_BEFORE_STRING = tableOf(ascii('=:,[{('))
/** What may follow a value and is no part of it, with what opens it. */
const CLOSERS = new Map(["''", '""', '()', '[]', '{}', '<>'].map((pair) => [pair.charCodeAt(1), pair.charCodeAt(0)])) // prettier-ignore
const COMMA = 44
const SEMICOLON = 59

/**
 * Reads the next `measure#x=1`, `source=x` and the like of the message bytes[start, end) into `pair`; false
 * at the end. They may be in JSON strings and other quoted texts, and right behind what a logger puts
 * before a message. A quoted text without a value has no label either.
 */
export function nextConvention(
  bytes: Uint8Array,
  start: number,
  end: number,
  cursor: Cursor,
  pair: Pair,
): boolean {
  for (let i = cursor.at; i < end; i += 1) {
    const byte = bytes[i]!
    if (byte === QUOTE) {
      if (i === cursor.stringEnd) cursor.stringEnd = -1
      else if (cursor.stringEnd < 0 && opensString(bytes, start, i)) {
        const close = closeOf(bytes, i + 1, end)
        if (hasValueWord(bytes, i + 1, close)) cursor.stringEnd = close
        else i = close
      }
    } else if (IS_FIRST[byte] === 1) {
      const word = wordAt(bytes, i, end)
      if (word !== undefined && mayBegin(bytes, start, i, word)) {
        if (readPair(bytes, i, end, word, cursor, pair)) return true
        i = cursor.at - 1
      }
    }
  }
  return false
}

/** Reads the key at `from` and its value; false when it is a key of JSON whose value isn't a number or a string. */
function readPair(
  bytes: Uint8Array,
  from: number,
  end: number,
  word: Uint8Array,
  cursor: Cursor,
  pair: Pair,
): boolean {
  let at = word === SOURCE ? from + word.length - 1 : from + word.length
  while (at < end && bytes[at]! > SPACE && bytes[at] !== EQUALS && bytes[at] !== QUOTE) at += 1
  pair.keyStart = from
  pair.keyEnd = at
  cursor.at = at
  if (at >= end || bytes[at] !== EQUALS) {
    pair.valueStart = pair.valueEnd = -1
    const colon = bytes[at] === QUOTE && at < end ? pastColon(bytes, at + 1, end) : -1
    if (colon >= 0) return readJsonValue(bytes, colon, end, cursor, pair)
    pair.keyEnd = withoutClosers(bytes, from, at)
    return true
  }
  readValue(bytes, at + 1, end, cursor, pair)
  return true
}

/** Reads the value at `from` of a key of JSON. */
function readJsonValue(
  bytes: Uint8Array,
  from: number,
  end: number,
  cursor: Cursor,
  pair: Pair,
): boolean {
  const isString = bytes[from] === QUOTE
  if (from >= end || (!isString && !isDigit(bytes[from]) && bytes[from] !== MINUS)) return false
  let stop = isString ? closeOf(bytes, from + 1, end) : from
  if (!isString) while (stop < end && IS_JSON_NUMBER[bytes[stop]!] === 1) stop += 1
  pair.valueStart = isString ? from + 1 : from
  pair.valueEnd = stop
  cursor.at = Math.min(isString ? stop + 1 : stop, end)
  cursor.stringEnd = -1
  return true
}

/** Reads the value at `from`, which may be quoted. */
function readValue(bytes: Uint8Array, from: number, end: number, cursor: Cursor, pair: Pair): void {
  const mark = from < end ? bytes[from]! : 0
  if ((mark === QUOTE && from !== cursor.stringEnd) || mark === INNER_QUOTE) {
    const close =
      mark === QUOTE ? closeOf(bytes, from + 1, end) : findByte(bytes, mark, from + 1, end)
    pair.valueStart = from + 1
    pair.valueEnd = close < 0 ? end : close
    cursor.at = Math.min(pair.valueEnd + 1, end)
    return
  }
  let at = from
  while (at < end && bytes[at]! > SPACE && at !== cursor.stringEnd) {
    if (IS_BEFORE[bytes[at]!] === 1 && wordAt(bytes, at + 1, end) !== undefined) break
    at += 1
  }
  pair.valueStart = from
  pair.valueEnd = withoutClosers(bytes, from, at)
  cursor.at = at
}

/** Where bytes[start, end) end without the brackets, quotes and commas of what is around them. */
function withoutClosers(bytes: Uint8Array, start: number, end: number): number {
  let at = end
  for (; at > start; at -= 1) {
    const byte = bytes[at - 1]!
    const opener = CLOSERS.get(byte)
    const isCloser = opener !== undefined && findByte(bytes, opener, start, at - 1) < 0
    if (!isCloser && byte !== COMMA && byte !== SEMICOLON) break
  }
  return at
}

function wordAt(bytes: Uint8Array, at: number, end: number): Uint8Array | undefined {
  const first = bytes[at]
  for (const word of WORDS) if (word[0] === first && startsWith(bytes, at, end, word)) return word
  return undefined
}

function mayBegin(bytes: Uint8Array, start: number, at: number, word: Uint8Array): boolean {
  const before = at > start ? bytes[at - 1]! : SPACE
  if (before <= SPACE) return true
  if (word === LEGACY) return false
  if (word === SOURCE) return before === QUOTE
  return IS_BEFORE[before] === 1
}

/** Whether the quote at `at` begins a string, and doesn't end one or stand for an inch. */
export function opensString(bytes: Uint8Array, start: number, at: number): boolean {
  const before = at > start ? bytes[at - 1]! : SPACE
  return before <= SPACE || IS_BEFORE_STRING[before] === 1
}

/** Where the string that begins at `from` ends: the place of its quote, or `end`. */
export function closeOf(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return Math.min(at, end)
}

function hasValueWord(bytes: Uint8Array, start: number, end: number): boolean {
  for (let hash = findByte(bytes, HASH, start, end); hash >= 0;) {
    const stop = hash + 1
    for (const word of VALUES) {
      const from = stop - word.length
      if (from >= start && isExactly(bytes, from, stop, word)) return true
    }
    hash = findByte(bytes, HASH, stop, end)
  }
  return false
}

/** Past the colon that is next, and the blanks after it; -1 when none is. */
function pastColon(bytes: Uint8Array, from: number, end: number): number {
  const colon = pastBlanks(bytes, from, end)
  return bytes[colon] === COLON && colon < end ? pastBlanks(bytes, colon + 1, end) : -1
}

function pastBlanks(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && bytes[at]! <= SPACE) at += 1
  return at
}

/** Whether the string at `quote` is the value of a key of ours, which is kept as it is. */
export function isOwnValue(bytes: Uint8Array, start: number, quote: number): boolean {
  if (bytes[quote - 1] !== EQUALS) return false
  let at = quote
  while (at > start && bytes[at - 1]! > SPACE && bytes[at - 1] !== QUOTE) at -= 1
  return wordAt(bytes, at, quote) !== undefined
}

function tableOf(bytes: Iterable<number>): Uint8Array {
  const table = new Uint8Array(256)
  for (const byte of bytes) table[byte] = 1
  return table
}
