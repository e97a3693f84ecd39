import {
  type Accumulator,
  countOne,
  countSecond,
  measure,
  measureMillis,
} from '../model/accumulator.ts'
import type { Line } from '../model/line.ts'
import { type AppState, type Dyno, dynoNamed, seriesOf } from './app-state.ts'
import { METHODS, type Request, codeText, isPlatformError, statusText } from './request.ts'
import { readRouterLine } from './router-line.ts'
import { type Route, routeOf } from './route.ts'

/** See Dyno.requests. */
export const STATUSES = 1000

/** Measures one router line; false when it can't be read. */
export function extractRouter(state: AppState, line: Line, acc: Accumulator): boolean {
  const { request } = state
  if (line.cut) return false
  if (!readRouterLine(line.bytes, line.messageStart, line.messageEnd, request)) return false
  request.time = line.time
  const dyno = dynoNamed(state, request.bytes, request.dynoStart, request.dynoEnd)
  const route = routeOf(state.routes, request)
  request.route = route?.template ?? ''
  if (state.accept !== undefined && !state.accept(request)) return true
  measureRequest(state, acc, request, dyno)
  if (route !== undefined) measureRoute(state, acc, request, route)
  return true
}

function measureRequest(state: AppState, acc: Accumulator, request: Request, dyno: Dyno): void {
  countSecond(acc, request.time)
  const key = request.method * STATUSES + request.status
  let series = dyno.requests.get(key)
  if (series === undefined) dyno.requests.set(key, (series = newRequests(state, request, dyno)))
  countOne(acc, series)
  if (isPlatformError(request)) countOne(acc, errorSeriesOf(state, request))
  if (request.service >= 0) {
    if (dyno.service < 0) dyno.service = newDistribution(state, 'router/service', 's', dyno)
    measureMillis(acc, dyno.service, request.service)
  }
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
  if (request.status >= 500 || isPlatformError(request)) {
    route.errors[at] ??= newOfRoute(state, 'count', 'route/errors', '', request, route)
    countOne(acc, route.errors[at])
  }
  if (request.service < 0) return
  route.service[at] ??= newOfRoute(state, 'measure', 'route/service', 's', request, route)
  measureMillis(acc, route.service[at], request.service)
}

function newRequests(state: AppState, request: Request, dyno: Dyno): number {
  return seriesOf(state, 'count', 'router/requests', '', [
    ['dyno', dyno.name],
    ['method', METHODS[request.method]!],
    ['status', statusText(request)],
  ])
}

function newDistribution(state: AppState, name: string, unit: string, dyno: Dyno): number {
  return seriesOf(state, 'measure', name, unit, [['dyno', dyno.name]])
}

/** The number of the series of the platform's error code. */
export function errorSeriesOf(state: AppState, request: Request): number {
  return seriesOf(state, 'count', 'router/errors', '', [['code', codeText(request)]])
}

function newRouteRequests(
  state: AppState,
  request: Request,
  route: Route,
  statusClass: number,
): number {
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
