import { cleanText } from '../model/series.ts'
import { type Names, createNames, findName, internName, nameText } from '../parse/names.ts'
import type { Request } from './request.ts'
import { isIdentifier } from './segment.ts'

/** One route template and the numbers of its series, by method (and status class). */
export interface Route {
  readonly template: string
  readonly requests: (number[] | undefined)[]
  readonly errors: number[]
  readonly service: number[]
}

/** The route templates of one app: at most `limit`, the rest is OTHER_ROUTE. */
export interface Routes {
  readonly limit: number
  readonly templates: Names
  readonly routes: Route[]
  readonly other: Route
  readonly pins: readonly Pin[]
  readonly scratch: Uint8Array
}

export const OTHER_ROUTE = '(other)'

interface Pin {
  readonly route: Route
  readonly segments: readonly string[]
}

const MAX_TEMPLATE = 128
const SLASH = 47
const PLACEHOLDER = Buffer.from(':id')

export function createRoutes(limit: number, pins: readonly string[]): Routes {
  return {
    limit,
    templates: createNames(limit),
    routes: [],
    other: createRoute(OTHER_ROUTE),
    pins: pins.map((pattern) => ({ route: createRoute(pattern), segments: pattern.split('/') })),
    scratch: new Uint8Array(MAX_TEMPLATE + PLACEHOLDER.length + 1),
  }
}

/** The route of a request; undefined when the router logged no path. */
export function routeOf(routes: Routes, request: Request): Route | undefined {
  const { bytes, pathStart, pathEnd } = request
  if (pathStart >= pathEnd) return undefined
  if (routes.pins.length > 0) {
    const pinned = pinnedRoute(routes, bytes, pathStart, pathEnd)
    if (pinned !== undefined) return pinned
  }
  const length = writeTemplate(bytes, pathStart, pathEnd, routes.scratch)
  if (length < 0) return routes.other
  return admit(routes, length, request.status) ?? routes.other
}

// Scanners ask for a thousand paths that don't exist: once half the room is taken, a path has to
// answer something else than 404 to get a place.
function admit(routes: Routes, length: number, status: number): Route | undefined {
  const { templates, scratch } = routes
  const crowded = templates.size * 2 >= routes.limit
  const number =
    crowded && status === 404
      ? findName(templates, scratch, 0, length)
      : internName(templates, scratch, 0, length)
  if (number < 0) return undefined
  return (routes.routes[number] ??= createRoute(cleanText(nameText(templates, number))))
}

/** Writes the path with its identifiers folded to `into`; returns the length, -1 when too long. */
function writeTemplate(bytes: Uint8Array, start: number, end: number, into: Uint8Array): number {
  let length = 0
  let at = start
  if (bytes[at] !== SLASH) into[length++] = SLASH
  while (at < end) {
    if (bytes[at] === SLASH) {
      if (length >= MAX_TEMPLATE) return -1
      into[length++] = SLASH
      at += 1
      continue
    }
    let stop = at
    while (stop < end && bytes[stop] !== SLASH) stop += 1
    if (isIdentifier(bytes, at, stop)) {
      if (length >= MAX_TEMPLATE) return -1
      into.set(PLACEHOLDER, length)
      length += PLACEHOLDER.length
    } else {
      if (length + stop - at > MAX_TEMPLATE) return -1
      for (; at < stop; at += 1) into[length++] = bytes[at]!
    }
    at = stop
  }
  return length
}

function pinnedRoute(
  routes: Routes,
  bytes: Uint8Array,
  start: number,
  end: number,
): Route | undefined {
  const path = Buffer.from(bytes.subarray(start, end)).toString('utf8').split('/')
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
  return { template, requests: [], errors: [], service: [] }
}
