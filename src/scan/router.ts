import { addMeasure, addMillis, addMillisToBoth, addOne } from './cells'
import { hashBytes, memorize, mix, recall, startHash } from './memo'
import { hashPath } from './path'
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
  dynoHash = mix(hashBytes(salted, dynoStart, dynoEnd), failure | (<u64>status << 8) | DYNO_KIND)
  const route = hashPath(hashBytes(salted, method, methodEnd), path, pathEnd)
  routeHash = mix(route, failure | (<u64>(status / 100) << 8) | ROUTE_KIND)
  return addRequest(recall(dynoHash), recall(routeHash), isPlatformError)
}

@inline
function addRequest(dyno: usize, route: usize, isPlatformError: bool): i32 {
  if (dyno == 0 || route == 0) return UNKNOWN
  const services = <usize>load<u32>(dyno, 12)
  const connects = <usize>load<u32>(dyno, 16)
  const sizes = <usize>load<u32>(dyno, 20)
  const routeServices = <usize>load<u32>(route, 12)
  const failed = <usize>load<u32>(route, 16)
  if (service >= 0 && (services == 0 || routeServices == 0)) return UNKNOWN
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
  addOne(<usize>load<u32>(dyno, 8))
  addOne(<usize>load<u32>(route, 8))
  if (isError) addOne(failed)
  if (service >= 0) addMillisToBoth(services, routeServices, service)
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
  return true
}
