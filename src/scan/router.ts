import { addMeasure, addMillis, addMillisToBoth, addOne } from './cells'
import { rememberFold } from './folds'
import { hashBytes, memorize, mix, recall, startHash } from './memo'
import { OUT } from './memory'
import { hashPath } from './path'
import { pinOf } from './pins'
import {
  code,
  connect,
  dynoEnd,
  dynoStart,
  isInfo,
  isWarning,
  method,
  methodEnd,
  path,
  pathEnd,
  readRouterLine,
  service,
  size,
  status,
} from './router-line'

/*
 * Counts router lines in the cells that the caller taught for their dyno, method and status, and for
 * their route, method and outcome.
 */

const DYNO_KIND: u64 = 1
const ROUTE_KIND: u64 = 2
const NAME_KIND: u64 = 6
const OTHER_NAME_KIND: u64 = 7
const PATH_KIND: u64 = 8
const OTHER_PATH_KIND: u64 = 9
const PIN_KIND: u64 = 10
const SESSION: u64 = 1 << 24
const SWITCHING_PROTOCOLS: i32 = 101
const NOT_FOUND: i32 = 404

/** Whether dynos that aren't known yet are counted as one. */
let isFullOfDynos: bool = false
/** Which paths that aren't known yet go to the route of all others: 0 none, 1 those of a 404, 2 all. */
let closed: u32 = 0
/** The routes that users pin, see pins.ts; 0 for none. */
let pins: usize = 0
/** The routes of sessions, likewise. */
let streams: usize = 0
/** The caller learns from this one of the answers on paths that go to the route of all others. */
let untilLearned: u32 = 0
/** Whether the request is one of them that is left to this scanner. */
let isWaiting: bool = false

/** Of the app whose lines follow. */
export function setRoom(
  isFull: u32,
  closedTo: u32,
  pinsAt: usize,
  streamsAt: usize,
  until: u32,
): void {
  isFullOfDynos = isFull != 0
  closed = closedTo
  pins = pinsAt
  streams = streamsAt
  untilLearned = until
}

/** What is left of the number that setRoom was given. */
export function leftUntilLearned(): u32 {
  return untilLearned
}

/** Learns a dyno that is known, whose name the caller left in OUT. */
export function rememberDyno(salt: u64, length: u32): bool {
  return memorize(hashOfDyno(startHash(salt), OUT, OUT + <usize>length)) != 0
}

/** Learns a path whose template has a place, which the caller left in OUT. */
export function rememberPath(salt: u64, length: u32): bool {
  return memorize(hashOfPath(startHash(salt), OUT, OUT + <usize>length)) != 0
}

/** Learns that words of some kinds fold behind a path that the caller left in OUT; see folds.ts. */
export function rememberFoldAt(salt: u64, length: u32, kinds: u32): u32 {
  return rememberFold(hashOfPath(startHash(salt), OUT, OUT + <usize>length), kinds)
}

@inline
function hashOfDyno(salted: u64, start: usize, end: usize): u64 {
  return hashBytes(mix(salted, NAME_KIND), start, end)
}

@inline
function hashOfPath(salted: u64, start: usize, end: usize): u64 {
  return hashPath(mix(salted, PATH_KIND), start, end)
}

/** What the caller has to know to register a line that is not known yet. */
export let dynoHash: u64 = 0
export let routeHash: u64 = 0

export const COUNTED: i32 = 0
export const UNUSUAL: i32 = 1
export const UNKNOWN: i32 = 2

/** Whether the last request that was counted failed, as isFailed of src/extract/request.ts has it. */
export let isError: bool = false

/** Counts the router message [start, end), which must be known already; says whether it could. */
export function countRouter(salt: u64, start: usize, end: usize): i32 {
  if (!readRouterLine(start, end)) return UNUSUAL
  const isPlatformError = code > 0 && !isInfo
  isError = code > 0 ? !isInfo && !isWarning : status >= 500
  const salted = startHash(salt)
  const failure = isPlatformError ? <u64>code << 32 : 0
  const dyno = findDyno(salted, failure | (<u64>status << 8) | DYNO_KIND)
  const session = isSession() ? SESSION : 0
  const route = findRoute(salted, failure | session | (<u64>(status / 100) << 8) | ROUTE_KIND)
  return addRequest(dyno, route, isPlatformError)
}

/** Whether the time of the request is a session's. */
@inline
function isSession(): bool {
  if (status == SWITCHING_PROTOCOLS) return true
  return streams != 0 && path < pathEnd && pinOf(streams, path, pathEnd) >= 0
}

/** The entry of the line's dyno with its status and code, or of all dynos that have no place. */
@inline
function findDyno(salted: u64, outcome: u64): usize {
  const name = hashOfDyno(salted, dynoStart, dynoEnd)
  dynoHash = mix(name, outcome)
  const entry = recall(dynoHash)
  if (entry != 0 || !isFullOfDynos || recall(name) != 0) return entry
  dynoHash = mix(mix(salted, OTHER_NAME_KIND), outcome)
  return recall(dynoHash)
}

/** The entry of the line's route with its method and outcome, or of the route of all others. */
@inline
function findRoute(salted: u64, outcome: u64): usize {
  isWaiting = false
  if (path == pathEnd) return otherRoute(salted, outcome)
  if (pins != 0) {
    const pin = pinOf(pins, path, pathEnd)
    if (pin >= 0) {
      routeHash = withMethod(mix(mix(salted, PIN_KIND), <u64>pin), outcome)
      return recall(routeHash)
    }
  }
  const hash = hashOfPath(salted, path, pathEnd)
  routeHash = withMethod(hash, outcome)
  const entry = recall(routeHash)
  const isClosed = closed == 2 || (closed == 1 && status == NOT_FOUND)
  if (entry != 0 || !isClosed || recall(hash) != 0) return entry
  if (isAnswer()) {
    if (untilLearned <= 1) return 0
    isWaiting = true
  }
  return otherRoute(salted, outcome)
}

/** As src/extract/route.ts has it. */
@inline
function isAnswer(): bool {
  return (status >= 200 && status <= 299) || status == 304
}

function otherRoute(salted: u64, outcome: u64): usize {
  routeHash = withMethod(mix(salted, OTHER_PATH_KIND), outcome)
  return recall(routeHash)
}

@inline
function withMethod(hash: u64, outcome: u64): u64 {
  return mix(hashBytes(hash, method, methodEnd), outcome)
}

@inline
function addRequest(dyno: usize, route: usize, isPlatformError: bool): i32 {
  if (dyno == 0 || route == 0) return UNKNOWN
  const services = <usize>load<u32>(dyno, 12)
  const connects = <usize>load<u32>(dyno, 16)
  const sizes = <usize>load<u32>(dyno, 20)
  const routeServices = <usize>load<u32>(route, 12)
  const failed = <usize>load<u32>(route, 16)
  const sessions = <usize>load<u32>(route, 28)
  if (service >= 0 && sessions == 0 && (services == 0 || routeServices == 0)) return UNKNOWN
  if ((connect >= 0 && connects == 0) || (size >= 0 && sizes == 0)) return UNKNOWN
  if (isError && failed == 0) return UNKNOWN
  if (isPlatformError) {
    const errors = <usize>load<u32>(route, 20)
    const dynoErrors = <usize>load<u32>(dyno, 24)
    const routeErrors = <usize>load<u32>(route, 24)
    if (errors == 0 || dynoErrors == 0 || routeErrors == 0) return UNKNOWN
    addOne(errors)
    addOne(dynoErrors)
    addOne(routeErrors)
  }
  if (isWaiting) untilLearned -= 1
  addOne(<usize>load<u32>(dyno, 8))
  addOne(<usize>load<u32>(route, 8))
  if (isError) addOne(failed)
  if (service >= 0) {
    if (sessions != 0) addMillis(sessions, service)
    else addMillisToBoth(services, routeServices, service)
  }
  if (connect >= 0) addMillis(connects, connect)
  if (size >= 0) addMeasure(sizes, <f64>size)
  return COUNTED
}

/**
 * Learns where requests like the last one that was UNKNOWN are counted; 0 is for a cell that it had
 * no use for. False when there is no room.
 */
export function learnRequest(
  requests: u32,
  services: u32,
  connects: u32,
  sizes: u32,
  routeRequests: u32,
  routeServices: u32,
  routeFailed: u32,
  errors: u32,
  dynoErrors: u32,
  routeErrors: u32,
  sessions: u32,
): bool {
  const dyno = memorize(dynoHash)
  const route = memorize(routeHash)
  if (dyno == 0 || route == 0) return false
  store<u32>(dyno, requests, 8)
  store<u32>(dyno, services, 12)
  store<u32>(dyno, connects, 16)
  store<u32>(dyno, sizes, 20)
  store<u32>(route, routeRequests, 8)
  store<u32>(route, routeServices, 12)
  store<u32>(dyno, dynoErrors, 24)
  store<u32>(route, routeFailed, 16)
  store<u32>(route, errors, 20)
  store<u32>(route, routeErrors, 24)
  store<u32>(route, sessions, 28)
  return true
}
