import { hashBytes, memorize, mix, recall, startHash } from './memo'
import { FOLDS, FOLD_BITS, SEGMENT_CLASSES } from './memory'

/*
 * Words of paths that fold by what was learned of the app, as src/extract/learned has it.
 */

const DIGIT: u32 = 1
const DASH: u32 = 16
const MARK: u32 = 32
const AT: u32 = 64
const OTHER: u32 = 128

const SLUG: u32 = 1
const LAST: u32 = 2
const INNER: u32 = 4
const SLUG_LENGTH: usize = 25

const FOLD_KIND: u64 = 11
const WORD_KIND: u64 = 12

/** Whether anything folds in the app whose lines follow: then FOLDS has a bit for each position, by its hash. */
let hasFolds: bool = false

export function setFolds(value: bool): void {
  hasFolds = value
}

/** Whether the word [start, end) of a path that ends at `pathEnd` folds behind what has this hash. */
@inline
export function isFolded(before: u64, start: usize, end: usize, pathEnd: usize): bool {
  if (!hasFolds) return false
  const place = placeOf(before)
  if ((load<u32>(FOLDS + <usize>((place >> 5) << 2)) & (<u32>1 << (place & 31))) == 0) return false
  return foldsThere(before, start, end, pathEnd)
}

function foldsThere(before: u64, start: usize, end: usize, pathEnd: usize): bool {
  const entry = recall(mix(before, FOLD_KIND))
  if (entry == 0 || start == end) return false
  const kind = kindOfWord(start, end, pathEnd)
  if ((load<u32>(entry, 8) & kind) == 0) return false
  return kind == SLUG || recall(hashOfWord(start, end)) == 0
}

/** Learns that words of some kinds fold after the prefix of this hash. Returns the place of its bit plus 1; 0 when there is no room. */
export function rememberFold(before: u64, kinds: u32): u32 {
  const entry = memorize(mix(before, FOLD_KIND))
  if (entry == 0) return 0
  store<u32>(entry, kinds, 8)
  return 1 + placeOf(before)
}

/** Learns a word that never folds, of whichever app. */
export function rememberWord(start: usize, end: usize): bool {
  return memorize(hashOfWord(start, end)) != 0
}

@inline
function placeOf(hash: u64): u32 {
  return <u32>(hash >> 40) & (FOLD_BITS - 1)
}

@inline
function hashOfWord(start: usize, end: usize): u64 {
  return hashBytes(mix(startHash(0), WORD_KIND), start, end)
}

function kindOfWord(start: usize, end: usize, pathEnd: usize): u32 {
  let separators = 0
  let numbers = 0
  for (let at = start; at < end; at += 1) {
    const kind = <u32>load<u8>(SEGMENT_CLASSES + <usize>load<u8>(at))
    if (kind == OTHER) separators += 2
    else if ((kind & (DASH | MARK | AT)) != 0) separators += 1
    else if (kind == DIGIT) numbers += 1
  }
  if (separators >= 2 || numbers >= 2 || end - start >= SLUG_LENGTH) return SLUG
  return end + 1 >= pathEnd ? LAST : INNER
}
