/** A `key=value` token as offsets; readers reuse one. Without `=`, valueStart is -1. */
export interface Pair {
  keyStart: number
  keyEnd: number
  valueStart: number
  valueEnd: number
}

export function createPair(): Pair {
  return { keyStart: 0, keyEnd: 0, valueStart: 0, valueEnd: 0 }
}

const SPACE = 32
const QUOTE = 34
const EQUALS = 61
const BACKSLASH = 92

/**
 * Reads the next token of bytes[at, end) into `pair` and returns where to go on, or -1 at the end.
 * Blanks and control characters separate; a bare value runs to the next of them and may contain
 * `=` and quotes; a quoted one runs to its closing quote (the quotes left out), or to the end.
 */
export function nextPair(bytes: Uint8Array, at: number, end: number, pair: Pair): number {
  let i = at
  while (i < end && bytes[i]! <= SPACE) i += 1
  if (i >= end) return -1
  pair.keyStart = i
  while (i < end && bytes[i]! > SPACE && bytes[i] !== EQUALS) i += 1
  pair.keyEnd = i
  if (bytes[i] !== EQUALS || i >= end) {
    pair.valueStart = -1
    pair.valueEnd = -1
    return i
  }
  i += 1
  if (i < end && bytes[i] === QUOTE) return quotedValue(bytes, i + 1, end, pair)
  pair.valueStart = i
  while (i < end && bytes[i]! > SPACE) i += 1
  pair.valueEnd = i
  return i
}

function quotedValue(bytes: Uint8Array, start: number, end: number, pair: Pair): number {
  pair.valueStart = start
  let i = start
  while (i < end && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1
  pair.valueEnd = Math.min(i, end)
  return Math.min(i + 1, end)
}
