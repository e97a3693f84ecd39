import { isExactly } from '../model/bytes.ts'
import type { Route } from './route.ts'

const SLASH = 47

/** A route that a user pins: its segments as bytes, undefined for one that may be any word. */
export interface Pin {
  readonly pattern: string
  readonly route: Route
  readonly segments: readonly (Uint8Array | undefined)[]
  /** Whether anything may follow the segments, at least a slash. */
  readonly isOpen: boolean
}

/** `:name` matches one segment, `*` at the end all that follow. */
export function createPin(pattern: string, route: Route): Pin {
  const isOpen = pattern.endsWith('/*')
  const texts = (isOpen ? pattern.slice(0, -2) : pattern).split('/')
  const segments = texts.map((text) => (text.startsWith(':') ? undefined : Buffer.from(text)))
  return { pattern, route, segments, isOpen }
}

export function matchesPin(
  { segments, isOpen }: Pin,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  let at = start
  for (const [i, segment] of segments.entries()) {
    let stop = at
    while (stop < end && bytes[stop] !== SLASH) stop += 1
    if (segment === undefined ? stop === at : !isExactly(bytes, at, stop, segment)) return false
    const isLast = i === segments.length - 1
    if (isLast) return isOpen ? stop < end : stop === end
    if (stop === end) return false
    at = stop + 1
  }
  return false
}
