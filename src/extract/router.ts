import {
  type Accumulator,
  countOne,
  countSecond,
  measure,
  measureMillis,
} from '../model/accumulator.ts'
import type { Line } from '../model/line.ts'
import { type AppState, type Dyno, dynoNamed, seriesOf } from './app-state.ts'
import { METHODS, type Request, codeText, hasErrorCode, isFailed, statusText } from './request.ts'
import { readRouterLine } from './router-line.ts'
import { type Route, isStream, noteStatusClass, routeOf } from './route.ts'

/** Of a WebSocket. */
const SWITCHING_PROTOCOLS = 101

/** Measures one router line; false when it can't be read. */
export function extractRouter(state: AppState, line: Line, acc: Accumulator): boolean {
  const { request } = state
  if (line.cut) return false
  if (!readRouterLine(line.bytes, line.messageStart, line.messageEnd, request)) return false
  request.time = line.time
  const dyno = dynoNamed(state, request.bytes, request.dynoStart, request.dynoEnd)
  const route = routeOf(state.routes, request)
  request.route = route.template
  noteSession(state, request)
  if (state.accept !== undefined && !state.accept(request)) return true
  measureRequest(state, acc, request, dyno)
  measureRoute(state, acc, request, route)
  return true
}

/** A session's time is that of its connection: hours, for a WebSocket. */
function noteSession({ routes }: AppState, request: Request): void {
  request.isSession = request.status === SWITCHING_PROTOCOLS || isStream(routes, request)
  request.session = -1
  if (!request.isSession) return
  request.session = request.service
  request.service = -1
}

/** The number of the series of the times of sessions. */
export function sessionsOf(state: AppState): number {
  return seriesOf(state, 'measure', 'router/session', 's', [])
}

function measureRequest(state: AppState, acc: Accumulator, request: Request, dyno: Dyno): void {
  countSecond(acc, request.time)
  countOne(acc, requestsOf(state, request, dyno))
  if (hasErrorCode(request)) {
    countOne(acc, errorsOf(state, request))
    countOne(acc, dynoErrorsOf(state, request, dyno))
  }
  if (request.service >= 0) {
    if (dyno.service < 0) dyno.service = newDistribution(state, 'router/service', 's', dyno)
    measureMillis(acc, dyno.service, request.service)
  }
  if (request.session >= 0) measureMillis(acc, sessionsOf(state), request.session)
  if (request.connect >= 0) {
    if (dyno.connect < 0) dyno.connect = newDistribution(state, 'router/connect', 's', dyno)
    measureMillis(acc, dyno.connect, request.connect)
  }
  if (request.size >= 0) {
    if (dyno.bytes < 0) dyno.bytes = newDistribution(state, 'router/bytes', 'bytes', dyno)
    measure(acc, dyno.bytes, request.size)
  }
}

function measureRoute(state: AppState, acc: Accumulator, request: Request, route: Route): void {
  const at = request.method
  const statusClass = Math.floor(request.status / 100)
  const requests = (route.requests[at] ??= [])
  countOne(acc, (requests[statusClass] ??= newRouteRequests(state, request, route, statusClass)))
  if (isFailed(request)) {
    route.failed[at] ??= newOfRoute(state, 'count', 'route/failed', '', request, route)
    countOne(acc, route.failed[at])
  }
  if (hasErrorCode(request)) countOne(acc, routeErrorsOf(state, request, route))
  if (request.service < 0) return
  route.service[at] ??= newOfRoute(state, 'measure', 'route/service', 's', request, route)
  measureMillis(acc, route.service[at], request.service)
}

function newDistribution(state: AppState, name: string, unit: string, dyno: Dyno): number {
  return seriesOf(state, 'measure', name, unit, [['dyno', dyno.name]])
}

/** The number of the series of a dyno's requests with this status. */
export function requestsOf(state: AppState, request: Request, { name, requests }: Dyno): number {
  const known = requests.get(request.status)
  if (known !== undefined) return known
  const number = seriesOf(state, 'count', 'router/requests', '', [
    ['dyno', name],
    ['status', statusText(request)],
  ])
  requests.set(request.status, number)
  return number
}

/** The number of the series of the router's errors with this code. */
export function errorsOf(state: AppState, request: Request): number {
  const known = state.requestErrors.get(request.code)
  if (known !== undefined) return known
  const number = seriesOf(state, 'count', 'router/errors', '', [['code', codeText(request)]])
  state.requestErrors.set(request.code, number)
  return number
}

export function dynoErrorsOf(
  state: AppState,
  request: Request,
  { name, requestErrors }: Dyno,
): number {
  const known = requestErrors.get(request.code)
  if (known !== undefined) return known
  const number = seriesOf(state, 'count', 'dyno/request_errors', '', [
    ['code', codeText(request)],
    ['dyno', name],
  ])
  requestErrors.set(request.code, number)
  return number
}

export function routeErrorsOf(
  state: AppState,
  request: Request,
  { template, errors }: Route,
): number {
  const known = errors.get(request.code)
  if (known !== undefined) return known
  const number = seriesOf(state, 'count', 'route/errors', '', [
    ['code', codeText(request)],
    ['route', template],
  ])
  errors.set(request.code, number)
  return number
}

function newRouteRequests(
  state: AppState,
  request: Request,
  route: Route,
  statusClass: number,
): number {
  noteStatusClass(state.routes, route, statusClass)
  return seriesOf(state, 'count', 'route/requests', '', [
    ['method', METHODS[request.method]!],
    ['route', route.template],
    ['status_class', statusClass === 0 ? 'none' : `${statusClass}xx`],
  ])
}

function newOfRoute(
  state: AppState,
  kind: 'count' | 'measure',
  name: string,
  unit: string,
  request: Request,
  route: Route,
): number {
  return seriesOf(state, kind, name, unit, [
    ['method', METHODS[request.method]!],
    ['route', route.template],
  ])
}
