import { textOf } from '../model/line.ts'
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
  readonly hash: PathHash
  /** Open addressing by hash: where `routes` has nothing the slot is free. */
  readonly high: Int32Array
  readonly low: Int32Array
  readonly routes: (Route | undefined)[]
}

export const OTHER_ROUTE = '(other)'

interface Pin {
  readonly route: Route
  readonly segments: readonly string[]
}

export function createRoutes(limit: number, pins: readonly string[]): Routes {
  const slots = 2 ** Math.ceil(Math.log2(limit * 2 + 2))
  return {
    limit,
    byTemplate: new Map(),
    other: createRoute(OTHER_ROUTE),
    pins: pins.map((pattern) => ({ route: createRoute(pattern), segments: pattern.split('/') })),
    hash: createPathHash(),
    high: new Int32Array(slots),
    low: new Int32Array(slots),
    routes: Array.from({ length: slots }, () => undefined),
  }
}

/** The route of a request; a request for which the router logged no path has no place of its own. */
export function routeOf(routes: Routes, request: Request): Route {
  const { bytes, pathStart, pathEnd } = request
  if (pathStart >= pathEnd) return routes.other
  if (routes.pins.length > 0) {
    const pinned = pinnedRoute(routes, bytes, pathStart, pathEnd)
    if (pinned !== undefined) return pinned
  }
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

// Scanners ask for a thousand paths that don't exist: once half the room is taken, a path has to
// answer something else than 404 to get a place.
function admit(routes: Routes, request: Request, slot: number): Route {
  const { byTemplate, limit, hash } = routes
  const room = request.status === 404 ? Math.ceil(limit / 2) : limit
  if (byTemplate.size >= room) return routes.other
  const template = templateOf(request.bytes, request.pathStart, request.pathEnd)
  const route = createRoute(cleanText(template))
  byTemplate.set(template, route)
  routes.high[slot] = hash.high
  routes.low[slot] = hash.low
  routes.routes[slot] = route
  return route
}

function pinnedRoute(
  routes: Routes,
  bytes: Uint8Array,
  start: number,
  end: number,
): Route | undefined {
  const path = textOf(bytes, start, end).split('/')
  return routes.pins.find((pin) => matches(pin.segments, path))?.route
}

/** `:name` stands for one segment, `*` at the end for all that follow. */
function matches(pattern: readonly string[], path: readonly string[]): boolean {
  const open = pattern.at(-1) === '*'
  if (open ? path.length < pattern.length : path.length !== pattern.length) return false
  return pattern.every((segment, i) => {
    if (open && i === pattern.length - 1) return true
    return segment.startsWith(':') ? path[i] !== '' : segment === path[i]
  })
}

function createRoute(template: string): Route {
  return { template, requests: [], failed: [], service: [], errors: new Map() }
}
