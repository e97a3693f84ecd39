import { cleanText } from '../model/series.ts'
import type { LearnedRoutes } from './learned/learned-routes.ts'
import { learnPath } from './learned/learning.ts'
import { examplesOf } from './learned/examples.ts'
import { type Pin, createPin, matchesPin } from './pin.ts'
import type { Request } from './request.ts'
import { type FoldTable, type PathHash, createPathHash, hashPath, templateOf } from './template.ts'

/** One route template and the numbers of its series: by method (and status class), errors by code. */
export interface Route {
  readonly template: string
  readonly requests: (number[] | undefined)[]
  readonly failed: number[]
  readonly service: number[]
  /** By H code. */
  readonly errors: Map<number, number>
  /** Whether its first answer was 404 and none since was of another class than 4xx. */
  isNoise: boolean
}

/** A place that is taken, and the path that took it. */
export interface Place {
  readonly path: Uint8Array
  readonly route: Route
  /** Which of its segments fold, as hashPath has it. */
  readonly folded: number
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
  readonly admitted: Place[]
  /** How many templates are noise. */
  noise: number
  /** What is learned of the app, by one or more of these. */
  readonly learned: LearnedRoutes
  /** Of what was learned, that of which places and folds are. */
  generation: number
  readonly folds: FoldTable
  /** Of answers on paths that have no place the `untilLearned`th is learned from. */
  untilLearned: number
  /** How many were, and how many of the last ones taught nothing. */
  inVain: number
  learnedFrom: number
  /** The route that was found last, and whether its path has no place and was learned from. */
  found: Route
  isLearnedFrom: boolean
}

export const OTHER_ROUTE = '(other)'

export function createRoutes(
  limit: number,
  pins: readonly string[],
  streams: readonly string[],
  learned: LearnedRoutes,
): Routes {
  const slots = 2 ** Math.ceil(Math.log2(limit * 2 + 2))
  const other = createRoute(OTHER_ROUTE)
  return {
    limit,
    byTemplate: new Map(),
    other,
    pins: pins.map((pattern) => createPin(pattern, createRoute(pattern))),
    streams: streams.map((pattern) => createPin(pattern, other)),
    hash: createPathHash(),
    high: new Int32Array(slots),
    low: new Int32Array(slots),
    routes: Array.from({ length: slots }, () => undefined),
    admitted: [],
    noise: 0,
    learned,
    generation: 0,
    folds: new Map(),
    untilLearned: 1,
    inVain: 0,
    learnedFrom: 0,
    found: other,
    isLearnedFrom: false,
  }
}

/** The route of a request; a request for which the router logged no path has no place of its own. */
export function routeOf(routes: Routes, request: Request): Route {
  routes.isLearnedFrom = false
  routes.found = findRoute(routes, request)
  return routes.found
}

function findRoute(routes: Routes, request: Request): Route {
  const { bytes, pathStart, pathEnd, status } = request
  if (pathStart >= pathEnd) return routes.other
  for (const pin of routes.pins) if (matchesPin(pin, bytes, pathStart, pathEnd)) return pin.route
  refreshRoutes(routes)
  let slot = slotOf(routes, bytes, pathStart, pathEnd)
  if (routes.routes[slot] === undefined && mayLearn(routes, status)) {
    learnFrom(routes, request)
    if (refreshRoutes(routes)) slot = slotOf(routes, bytes, pathStart, pathEnd)
  }
  return routes.routes[slot] ?? admit(routes, request, slot)
}

/** The slot of a path, which is free when it has no place. */
function slotOf(routes: Routes, bytes: Uint8Array, start: number, end: number): number {
  const { hash, high, low } = routes
  hashPath(bytes, start, end, routes.folds, hash)
  const mask = high.length - 1
  let slot = hash.high & mask
  while (routes.routes[slot] !== undefined) {
    if (high[slot] === hash.high && low[slot] === hash.low) break
    slot = (slot + 1) & mask
  }
  return slot
}

/** Brings what was learned since into effect: paths that fold give their places back. Says whether there was anything. */
export function refreshRoutes(routes: Routes): boolean {
  const { learned, folds, hash, byTemplate, admitted } = routes
  if (routes.generation === learned.generation) return false
  routes.generation = learned.generation
  folds.clear()
  for (const { path, kinds } of examplesOf(learned)) {
    hashPath(path, 0, path.length, folds, hash)
    folds.set(hash.high, { low: hash.low, kinds })
  }
  const places = admitted.splice(0)
  byTemplate.clear()
  routes.routes.fill(undefined)
  for (const { path, route, folded } of places) {
    const slot = slotOf(routes, path, 0, path.length)
    if (routes.routes[slot] !== undefined) continue
    takePlace(routes, path, slot, hash.folded === folded ? route : undefined)
  }
  routes.noise = [...byTemplate.values()].filter(({ isNoise }) => isNoise).length
  return true
}

/** Whether the time of a request is that of a stream: SSE, long polling, downloads that never end. */
export function isStream({ streams }: Routes, { bytes, pathStart, pathEnd }: Request): boolean {
  if (pathStart >= pathEnd) return false
  return streams.some((stream) => matchesPin(stream, bytes, pathStart, pathEnd))
}

/**
 * Whether a new path with this status takes no place. Scanners ask for thousands of paths that don't exist:
 * few paths that answer 404 get one, and none once half the room is taken.
 */
export function hasNoRoom(routes: Routes, status: number): boolean {
  const { admitted, limit } = routes
  if (status !== NOT_FOUND) return admitted.length >= limit
  return admitted.length >= Math.ceil(limit / 2) || isFullOfNoise(routes)
}

/** One place in so many may be that of a path that answers 404. */
const NOISE_SHARE = 20

/** Whether so many paths answer 404 that they say nothing about the app. */
export function isFullOfNoise({ noise, limit }: Routes): boolean {
  return noise >= Math.ceil(limit / NOISE_SHARE)
}

/** Notes an answer of a status class that is new to the route and its method. */
export function noteStatusClass(routes: Routes, route: Route, statusClass: number): void {
  if (!route.isNoise || statusClass === NOT_FOUND_CLASS) return
  route.isNoise = false
  routes.noise -= 1
}

function setNoise(routes: Routes, route: Route): void {
  route.isNoise = true
  routes.noise += 1
}

const NOT_FOUND = 404
const NOT_FOUND_CLASS = 4

/** Only answers say something about an app's routes: scanners and logins make up paths and get others. */
export function isAnswer(status: number): boolean {
  return (status >= 200 && status <= 299) || status === 304
}

/**
 * How many paths without a place are looked at closely, more where that was of use. The wait between two grows
 * while they teach nothing new. After that it is the longest, so that a flood costs little.
 */
const FIRST_LEARNED = 4096
const MORE_LEARNED = 128
const MAX_WAIT = 128
/** The wait grows with so many that taught nothing. */
const PATIENCE = 8

/** Whether a path that is new is learned from: where there is no room, each `untilLearned`th. */
function mayLearn(routes: Routes, status: number): boolean {
  if (!isAnswer(status)) return false
  if (!hasNoRoom(routes, status)) return true
  routes.untilLearned -= 1
  if (routes.untilLearned > 0) return false
  routes.isLearnedFrom = true
  return true
}

function learnFrom(routes: Routes, { bytes, pathStart, pathEnd, time }: Request): void {
  const { learned, isLearnedFrom } = routes
  const hasTaught = learnPath(learned, bytes, pathStart, pathEnd, time)
  if (!isLearnedFrom) return
  routes.learnedFrom += 1
  const isClose = routes.learnedFrom < FIRST_LEARNED + MORE_LEARNED * learned.folds.size
  routes.inVain = hasTaught ? 0 : routes.inVain + 1
  const wait = 1 + Math.floor(routes.inVain / PATIENCE) ** 2
  routes.untilLearned = isClose ? Math.min(wait, MAX_WAIT) : MAX_WAIT
}

function admit(routes: Routes, request: Request, slot: number): Route {
  const { bytes, pathStart, pathEnd, status } = request
  if (hasNoRoom(routes, status)) return routes.other
  // Not `slice`, which of a Buffer is a view.
  const path = Uint8Array.from(bytes.subarray(pathStart, pathEnd))
  const before = routes.byTemplate.size
  const route = takePlace(routes, path, slot)
  if (status === NOT_FOUND && routes.byTemplate.size > before) setNoise(routes, route)
  return route
}

/** Puts a path, which was hashed last, in its slot. */
function takePlace(routes: Routes, path: Uint8Array, slot: number, known?: Route): Route {
  const { byTemplate, hash, admitted } = routes
  const template = known?.template ?? cleanText(templateOf(path, 0, path.length, hash))
  // `/users/:id` itself may be asked for, and has another hash.
  const route = byTemplate.get(template) ?? known ?? createRoute(template)
  byTemplate.set(template, route)
  admitted.push({ path, route, folded: hash.folded })
  routes.high[slot] = hash.high
  routes.low[slot] = hash.low
  routes.routes[slot] = route
  return route
}

function createRoute(template: string): Route {
  return { template, requests: [], failed: [], service: [], errors: new Map(), isNoise: false }
}
