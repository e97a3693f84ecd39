import { textOf } from '../model/line.ts'
import { AT, DIGIT, SEGMENT_CLASSES, isIdentifier } from './segment.ts'

/** The hash of a path's template, 64 bits in two words; one is used again and again. */
export interface PathHash {
  high: number
  low: number
}

const SLASH = 47
const COLON = 58
const MAX_TEMPLATE = 128
const SHORT_WORD = 16

// Different in every process, so that nobody can prepare paths that collide.
const SEED = Math.floor(Math.random() * 2 ** 31)

export function createPathHash(): PathHash {
  return { high: 0, low: 0 }
}

/**
 * Hashes the template of the path bytes[start, end) in one pass, without writing it: two paths have
 * one hash when their templates are the same.
 */
export function hashPath(bytes: Uint8Array, start: number, end: number, into: PathHash): void {
  let high = SEED
  let low = SEED ^ 0x5bd1e995
  let at = start
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
    if (at > from && isFolded(bytes, from, at, seen)) {
      segmentHigh = Math.imul(high ^ COLON, 0x2c1b3c6d)
      segmentLow = Math.imul(low ^ COLON, 0x297a2d39)
    }
    high = segmentHigh
    low = segmentLow ^ (segmentHigh >>> 15)
    if (at < end) {
      high = Math.imul(high ^ SLASH, 0x01000193)
      low = Math.imul(low ^ SLASH, 0x9e3779b1)
      at += 1
    }
  }
  into.high = high ^ (high >>> 16)
  into.low = low
}

/** The template of a path: its identifiers are `:id`. Undefined when it is longer than 128 bytes. */
export function templateOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  let template = bytes[start] === SLASH ? '' : '/'
  let at = start
  for (;;) {
    const from = at
    while (at < end && bytes[at] !== SLASH) at += 1
    template += isIdentifier(bytes, from, at) ? ':id' : textOf(bytes, from, at)
    if (template.length > MAX_TEMPLATE) return undefined
    if (at >= end) return template
    template += '/'
    at += 1
  }
}

/** isIdentifier, with the answers that the classes seen give at once. */
function isFolded(bytes: Uint8Array, start: number, end: number, seen: number): boolean {
  if (seen === DIGIT) return true
  if ((seen & (DIGIT | AT)) === 0 && end - start < SHORT_WORD) return false
  return isIdentifier(bytes, start, end)
}
