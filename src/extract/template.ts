import { textOf } from '../model/line.ts'
import { folds } from './learned/folding.ts'
import { FOLDED_WORD } from './learned/learned-routes.ts'
import { AT, DIGIT, SEGMENT_CLASSES, endOfIdentifier } from './segment.ts'

/** The hash of a path's template, 64 bits in two words; one is used again and again. */
export interface PathHash {
  high: number
  low: number
  /** One bit for each of its first 31 segments: whether it folds by what was learned. */
  folded: number
}

/** Which kinds of words fold, by the hash of the template before them: its high word, then the low one. */
export type FoldTable = Map<number, { readonly low: number; readonly kinds: number }>

const SLASH = 47
const COLON = 58
const SEMICOLON = 59
const STAR = 42
/** A longer template keeps the segments that fit, bytes; then follows REST. */
const MAX_TEMPLATE = 126
const REST = '/*'
const IDENTIFIER = ':id'
const SHORT_WORD = 16

// Different in every process, so that nobody can prepare paths that collide.
const SEED = Math.floor(Math.random() * 2 ** 31)

export function createPathHash(): PathHash {
  return { high: 0, low: 0, folded: 0 }
}

/**
 * Hashes the template of the path bytes[start, end) in one pass, without writing it: two paths have
 * one hash when their templates are the same.
 */
export function hashPath(
  bytes: Uint8Array,
  start: number,
  end: number,
  table: FoldTable,
  into: PathHash,
): void {
  let high = SEED
  let low = SEED ^ 0x5bd1e995
  let at = start
  let bit = 1
  let folded = 0
  let length = bytes[start] === SLASH ? 0 : 1
  while (at < end) {
    let segmentHigh = high
    let segmentLow = low
    let seen = 0
    const from = at
    for (; at < end; at += 1) {
      const byte = bytes[at]!
      if (byte === SLASH) break
      seen |= SEGMENT_CLASSES[byte]!
      segmentHigh = Math.imul(segmentHigh ^ byte, 0x01000193)
      segmentLow = ((segmentLow << 5) - segmentLow + byte) | 0
    }
    let stem = at > from ? endOfFolded(bytes, from, at, seen) : from
    if (stem === from && table.size > 0 && folds(kindsAt(table, high, low), bytes, from, at, end)) {
      folded |= bit
      stem = at
      segmentHigh = Math.imul(high ^ SEMICOLON, 0x2c1b3c6d)
      segmentLow = Math.imul(low ^ SEMICOLON, 0x297a2d39)
      length += FOLDED_WORD.length
    } else if (stem > from) {
      segmentHigh = Math.imul(high ^ COLON, 0x2c1b3c6d)
      segmentLow = Math.imul(low ^ COLON, 0x297a2d39)
      for (let i = stem; i < at; i += 1) {
        segmentHigh = Math.imul(segmentHigh ^ bytes[i]!, 0x01000193)
        segmentLow = ((segmentLow << 5) - segmentLow + bytes[i]!) | 0
      }
      length += IDENTIFIER.length
    }
    length += at - stem
    if (length > MAX_TEMPLATE) {
      high = Math.imul(high ^ STAR, 0x2c1b3c6d)
      low = Math.imul(low ^ STAR, 0x297a2d39)
      break
    }
    high = segmentHigh
    low = segmentLow ^ (segmentHigh >>> 15)
    if (at < end) {
      high = Math.imul(high ^ SLASH, 0x01000193)
      low = Math.imul(low ^ SLASH, 0x9e3779b1)
      length += 1
      at += 1
    }
    bit <<= 1
  }
  into.high = mixed(high)
  into.low = low
  into.folded = folded
}

/** The kinds that fold behind a template, by its hash before it is mixed. */
function kindsAt(table: FoldTable, high: number, low: number): number {
  const found = table.get(mixed(high))
  return found?.low === low ? found.kinds : 0
}

function mixed(high: number): number {
  return high ^ (high >>> 16)
}

/**
 * The template of a path: its identifiers are `:id`, and `:slug` where hashPath found that it folds. One of
 * more than 128 bytes keeps its first segments and ends in `/*`.
 */
export function templateOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  { folded }: PathHash,
): string {
  let template = bytes[start] === SLASH ? '' : '/'
  let length = template.length
  let at = start
  for (let bit = 1; ; bit <<= 1) {
    const from = at
    while (at < end && bytes[at] !== SLASH) at += 1
    const isFolded = (folded & bit) !== 0
    const stem = isFolded ? at : endOfIdentifier(bytes, from, at)
    const name = isFolded ? FOLDED_WORD : stem > from ? IDENTIFIER : ''
    length += at - stem + name.length
    if (length > MAX_TEMPLATE) return template.replace(/\/?$/, REST)
    template += name + textOf(bytes, stem, at)
    if (at >= end) return template
    template += '/'
    length += 1
    at += 1
  }
}

/** endOfIdentifier, with the answers that the classes seen give at once. */
function endOfFolded(bytes: Uint8Array, start: number, end: number, seen: number): number {
  if (seen === DIGIT) return end
  if ((seen & (DIGIT | AT)) === 0 && end - start < SHORT_WORD) return start
  return endOfIdentifier(bytes, start, end)
}
