import { findByte } from '../model/bytes.ts'

const NUL = 0
const BELL = 7
const ESC = 27
const SPACE = 32
const QUOTE = 34
const OPEN = 91
const OPEN_ROUND = 40
const PLUS = 43
const CLOSE_SQUARE = 93
const BACKSLASH = 92

/** Whether bytes[start, end) must go through `stripControls` before they are read. */
export function hasControls(bytes: Uint8Array, start: number, end: number): boolean {
  return findByte(bytes, ESC, start, end) >= 0 || findByte(bytes, NUL, start, end) >= 0
}

/**
 * Copies bytes[start, end) to `into`, which must have room, and returns the new length. Left out are NULs
 * (keep-alives of log sessions) and what a terminal takes for itself (ECMA-48): colours and other
 * `ESC [ … m`, links and titles (`ESC ] … BEL`), character sets (`ESC ( B`).
 */
export function stripControls(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
): number {
  let length = 0
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i]!
    if (byte === ESC) i = endOfSequence(bytes, i + 1, end)
    else if (byte !== NUL) {
      into[length] = byte
      length += 1
    }
  }
  return length
}

/**
 * Place of the last byte of the sequence whose ESC is before `at`; one that doesn't end is none. A
 * stranger may write the beginning of one: it must not take in the blank or the quote that ends their text.
 */
function endOfSequence(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return at - 1
  const kind = bytes[at]!
  if (kind === OPEN) {
    let i = at + 1
    while (i < end && isPart(bytes[i]!) && bytes[i]! <= 63) i += 1
    // What can't be part of one ends it: a line that was cut must not swallow the next.
    return i < end && bytes[i]! >= 64 && bytes[i]! <= 126 ? i : i - 1
  }
  if (kind === CLOSE_SQUARE) return endOfCommand(bytes, at, end)
  const isSet = kind >= OPEN_ROUND && kind <= PLUS && at + 1 < end
  return isSet && isPart(bytes[at + 1]!) ? at + 1 : at - 1
}

/** Of `ESC ] … BEL`, whose `]` is at `at`. */
function endOfCommand(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at + 1; i < end; i += 1) {
    if (bytes[i] === BELL) return i
    if (bytes[i] === ESC && bytes[i + 1] === BACKSLASH && i + 1 < end) return i + 1
    if (bytes[i] === QUOTE || (bytes[i]! < SPACE && bytes[i] !== ESC)) break
  }
  return at
}

function isPart(byte: number): boolean {
  return byte > SPACE && byte !== QUOTE
}
