import { isExactly } from '../../model/bytes.ts'
import { DASH, DIGIT, MARK, AT, OTHER, SEGMENT_CLASSES } from '../segment.ts'

/*
 * Words are the segments of a path that are no identifiers. Where a position takes many of them, it takes
 * them from content: slugs, names, tags. Three kinds of words fold apart from each other, one bit each.
 */

/** Words that look made from a title or a name: several separators, digits, other alphabets, or long. */
export const SLUG = 1
/** Other words at the end of the path. */
export const LAST = 2
/** Other words with something behind them. */
export const INNER = 4

export const KINDS = [SLUG, LAST, INNER] as const
export type Kind = (typeof KINDS)[number]

const SLUG_LENGTH = 25

/** The kind of the word bytes[start, end) of a path that ends at `pathEnd`; a slash at the end is no more. */
export function kindOfWord(bytes: Uint8Array, start: number, end: number, pathEnd: number): Kind {
  let separators = 0
  let digits = 0
  for (let i = start; i < end; i += 1) {
    const kind = SEGMENT_CLASSES[bytes[i]!]!
    if (kind === OTHER) separators += 2
    else if ((kind & (DASH | MARK | AT)) !== 0) separators += 1
    else if (kind === DIGIT) digits += 1
  }
  if (separators >= 2 || digits >= 2 || end - start >= SLUG_LENGTH) return SLUG
  return end + 1 >= pathEnd ? LAST : INNER
}

/**
 * Words that frameworks and habit put where others have an id or a name, as in `/users/new`. They are routes
 * of their own and never fold.
 */
export const CONVENTIONAL_WORDS: readonly string[] =
  `about account activity add admin all api archive auth avatar batch bulk callback cancel cart categories category
  checkout comments confirm contact count create current dashboard delete destroy drafts edit embed explore export
  favorites featured feed filter followers following forgot health help history home import inbox index invite latest
  login logout manage me my new notifications oauth orders overview page pages password pay popular
  preferences preview profile publish random recent refresh register remove reorder reset restore resume
  reviews rss save search self session sessions settings share sign-in sign-out sign-up sign_in sign_out sign_up signin
  signout signup sitemap stats status submit subscribe summary sync tag tags top topics trending unlock unsubscribe
  update upload uploads validate verify webhook webhooks`.split(/\s+/)

/** Whether bytes[start, end) are one of CONVENTIONAL_WORDS; makes nothing. */
export function isConventional(bytes: Uint8Array, start: number, end: number): boolean {
  const known = BY_HASH.get(hashOfWord(bytes, start, end))
  return known !== undefined && known.some((word) => isExactly(bytes, start, end, word))
}

/** The same on every machine: 32 bits of FNV-1a, mixed. */
export function hashOfWord(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return (hash ^ (hash >>> 15)) >>> 0
}

const BY_HASH = new Map<number, Uint8Array[]>()
for (const text of CONVENTIONAL_WORDS) {
  const word = Buffer.from(text)
  const hash = hashOfWord(word, 0, word.length)
  BY_HASH.set(hash, [...(BY_HASH.get(hash) ?? []), word])
}
