import { METHODS, type Request, isFailed, statusText } from '../extract/request.ts'
import { textOf } from '../model/line.ts'
import { cleanText } from '../model/series.ts'
import { type Sketch, addMillisToSketch, createSketch, mergeSketch } from '../model/sketch.ts'

export type GroupKey = 'route' | 'dyno' | 'status' | 'method' | 'app'

/** What is kept of requests beyond their series: for `--slow`, `--by` and `--fail-if errors>…`. */
export interface RequestStats {
  count: number
  /** Answered with a status of 500 or more, or failed by the platform. */
  errors: number
  /** Those that may be the slowest, see slowestOf. */
  readonly slow: SlowRequest[]
  readonly groups: Map<string, RequestGroup>
}

export interface SlowRequest {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly route: string
  readonly dyno: string
  readonly status: number | null
  /** '' where the router logged none. */
  readonly request_id: string
  /** Seconds. */
  readonly service: number
  readonly connect: number | null
}

export interface RequestGroup {
  count: number
  errors: number
  readonly service: Sketch
}

export interface RequestStatsOptions {
  /** Requests of at least this many milliseconds are slow. */
  readonly slowMillis?: number | undefined
  readonly maxSlow: number
  readonly by?: GroupKey | undefined
}

const MAX_GROUPS = 4096
const OTHER_GROUP = 'other'
const NONE = '(none)'
const MAX_PATH_BYTES = 512

export function createRequestStats(): RequestStats {
  return { count: 0, errors: 0, slow: [], groups: new Map() }
}

/** Notes a request and says whether it failed; `app` is the request's, '' where its line names none. */
export function noteRequest(
  stats: RequestStats,
  options: RequestStatsOptions,
  request: Request,
  app = '',
): boolean {
  const isError = isFailed(request)
  stats.count += 1
  if (isError) stats.errors += 1
  if (options.slowMillis !== undefined && request.service >= options.slowMillis) {
    noteSlow(stats.slow, options.maxSlow, request)
  }
  if (options.by !== undefined) {
    const group = groupOf(stats.groups, keyOf(options.by, request, app))
    group.count += 1
    if (isError) group.errors += 1
    if (request.service >= 0) addMillisToSketch(group.service, request.service)
  }
  return isError
}

/** Adds what was kept of other requests of the same run. */
export function mergeRequestStats(into: RequestStats, from: RequestStats, maxSlow: number): void {
  into.count += from.count
  into.errors += from.errors
  for (const slow of from.slow) into.slow.push(slow)
  keepSlowest(into.slow, maxSlow)
  for (const [key, group] of from.groups) addGroup(into.groups, key, group)
}

/** The same with the routes that requests have by all that was learned. It shares what is not changed. */
export function settleRequests(
  stats: RequestStats,
  by: GroupKey | undefined,
  nameOf: (template: string) => string,
): RequestStats {
  const slow = stats.slow.map((request) => ({ ...request, route: nameOf(request.route) }))
  if (by !== 'route') return { ...stats, slow }
  const groups = new Map<string, RequestGroup>()
  for (const [key, group] of stats.groups) addGroup(groups, nameOf(key), group)
  return { ...stats, slow, groups }
}

/** The slowest requests, slowest first, and of those that took the same time the earliest first. */
export function slowestOf({ slow }: RequestStats, maxSlow: number): readonly SlowRequest[] {
  keepSlowest(slow, maxSlow)
  return slow
}

// The first `limit` are the slowest of all when they were last sorted; behind them gathers what may take a
// place among them, so that sorting costs little for each.
function noteSlow(slow: SlowRequest[], limit: number, request: Request): void {
  const service = request.service / 1000
  const last = slow[limit - 1]
  if (last !== undefined) {
    const isSlower =
      service > last.service || (service === last.service && request.time < last.time)
    if (!isSlower) return
  }
  slow.push({
    time: request.time,
    method: METHODS[request.method]!,
    path: pathText(request),
    route: request.route,
    dyno: dynoText(request),
    status: request.status === 0 ? null : request.status,
    request_id: idText(request),
    service,
    connect: request.connect < 0 ? null : request.connect / 1000,
  })
  if (slow.length === limit || slow.length === 2 * limit) keepSlowest(slow, limit)
}

function keepSlowest(slow: SlowRequest[], limit: number): void {
  slow.sort((a, b) => b.service - a.service || a.time - b.time)
  slow.length = Math.min(slow.length, limit)
}

function keyOf(by: GroupKey, request: Request, app: string): string {
  if (by === 'app') return app || NONE
  if (by === 'route') return request.route || NONE
  if (by === 'status') return statusText(request)
  if (by === 'method') return METHODS[request.method]!
  return dynoText(request) || NONE
}

function addGroup(groups: Map<string, RequestGroup>, key: string, more: RequestGroup): void {
  const group = groupOf(groups, key)
  group.count += more.count
  group.errors += more.errors
  mergeSketch(group.service, more.service)
}

function groupOf(groups: Map<string, RequestGroup>, key: string): RequestGroup {
  let group = groups.get(key)
  if (group !== undefined) return group
  if (groups.size >= MAX_GROUPS && key !== OTHER_GROUP) return groupOf(groups, OTHER_GROUP)
  group = { count: 0, errors: 0, service: createSketch() }
  groups.set(key, group)
  return group
}

function pathText({ bytes, pathStart, pathEnd }: Request): string {
  return cleanText(textOf(bytes, pathStart, Math.min(pathEnd, pathStart + MAX_PATH_BYTES)))
}

/** What the router logged between path and dyno; it is shown and no more, since visitors can write it. */
function idText({ bytes, pathEnd, dynoStart }: Request): string {
  const text = textOf(bytes, pathEnd, Math.min(dynoStart, pathEnd + MAX_PATH_BYTES))
  return cleanText(/ request_id=([^\s"]+)/.exec(text)?.[1] ?? '')
}

function dynoText({ bytes, dynoStart, dynoEnd }: Request): string {
  return cleanText(textOf(bytes, dynoStart, dynoEnd))
}
