import { isExactly } from '../model/bytes.ts'
import { cleanText } from '../model/series.ts'
import type { Request } from './request.ts'
import { type PathHash, createPathHash, hashPath, templateOf } from './template.ts'

/** One route template and the numbers of its series: by method (and status class), errors by code. */
export interface Route {
  readonly template: string
  readonly requests: (number[] | undefined)[]
  readonly failed: number[]
  readonly service: number[]
  /** By H code. */
  readonly errors: Map<number, number>
}

/** The route templates of one app: at most `limit`, the rest is OTHER_ROUTE. */
export interface Routes {
  readonly limit: number
  readonly byTemplate: Map<string, Route>
  readonly other: Route
  readonly pins: readonly Pin[]
  /** Patterns of paths whose requests are sessions. */
  readonly streams: readonly Pin[]
  readonly hash: PathHash
  /** Open addressing by hash: where `routes` has nothing the slot is free. */
  readonly high: Int32Array
  readonly low: Int32Array
  readonly routes: (Route | undefined)[]
  /** For each place that is taken the path that took it. */
  readonly admitted: Uint8Array[]
}

export const OTHER_ROUTE = '(other)'

/** A route that a user pins: its segments as bytes, undefined for one that may be any word. */
export interface Pin {
  readonly route: Route
  readonly segments: readonly (Uint8Array | undefined)[]
  /** Whether anything may follow the segments, at least a slash. */
  readonly isOpen: boolean
}

export function createRoutes(
  limit: number,
  pins: readonly string[],
  streams: readonly string[] = [],
): Routes {
  const slots = 2 ** Math.ceil(Math.log2(limit * 2 + 2))
  return {
    limit,
    byTemplate: new Map(),
    other: createRoute(OTHER_ROUTE),
    pins: pins.map(createPin),
    streams: streams.map(createPin),
    hash: createPathHash(),
    high: new Int32Array(slots),
    low: new Int32Array(slots),
    routes: Array.from({ length: slots }, () => undefined),
    admitted: [],
  }
}

/** The route of a request; a request for which the router logged no path has no place of its own. */
export function routeOf(routes: Routes, request: Request): Route {
  const { bytes, pathStart, pathEnd } = request
  if (pathStart >= pathEnd) return routes.other
  for (const pin of routes.pins) if (matches(pin, bytes, pathStart, pathEnd)) return pin.route
  const { hash, high, low } = routes
  hashPath(bytes, pathStart, pathEnd, hash)
  const mask = high.length - 1
  let slot = hash.high & mask
  for (;;) {
    const route = routes.routes[slot]
    if (route === undefined) break
    if (high[slot] === hash.high && low[slot] === hash.low) return route
    slot = (slot + 1) & mask
  }
  return admit(routes, request, slot)
}

/** Whether the time of a request is that of a stream: SSE, long polling, downloads that never end. */
export function isStream({ streams }: Routes, { bytes, pathStart, pathEnd }: Request): boolean {
  if (pathStart >= pathEnd) return false
  return streams.some((stream) => matches(stream, bytes, pathStart, pathEnd))
}

/**
 * Whether a new path with this status takes no place. Scanners ask for a thousand paths that don't exist:
 * once half the room is taken, a path has to answer something else than 404 to get one.
 */
export function hasNoRoom({ admitted, limit }: Routes, status: number): boolean {
  return admitted.length >= (status === 404 ? Math.ceil(limit / 2) : limit)
}

function admit(routes: Routes, request: Request, slot: number): Route {
  const { byTemplate, hash, admitted } = routes
  const { bytes, pathStart, pathEnd, status } = request
  if (hasNoRoom(routes, status)) return routes.other
  const template = cleanText(templateOf(bytes, pathStart, pathEnd))
  // `/users/:id` itself may be asked for, and has another hash.
  const route = byTemplate.get(template) ?? createRoute(template)
  byTemplate.set(template, route)
  // Not `slice`, which of a Buffer is a view.
  admitted.push(Uint8Array.from(bytes.subarray(pathStart, pathEnd)))
  routes.high[slot] = hash.high
  routes.low[slot] = hash.low
  routes.routes[slot] = route
  return route
}

/** `:name` stands for one segment, `*` at the end for all that follow. */
function createPin(pattern: string): Pin {
  const isOpen = pattern.endsWith('/*')
  const texts = (isOpen ? pattern.slice(0, -2) : pattern).split('/')
  const segments = texts.map((text) => (text.startsWith(':') ? undefined : Buffer.from(text)))
  return { route: createRoute(pattern), segments, isOpen }
}

function matches({ segments, isOpen }: Pin, bytes: Uint8Array, start: number, end: number) {
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

const SLASH = 47

function createRoute(template: string): Route {
  return { template, requests: [], failed: [], service: [], errors: new Map() }
}
