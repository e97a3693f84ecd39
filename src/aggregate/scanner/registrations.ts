import { type AppState, dynoNamed } from '../../extract/app-state.ts'
import { NOT_OURS, keyNumber } from '../../extract/convention-key.ts'
import { QUEUE, labelSetOf, seriesFor } from '../../extract/convention.ts'
import { meaningOfKey } from '../../extract/convention-matches.ts'
import { METHODS, hasErrorCode } from '../../extract/request.ts'
import { type Role, roleOf } from '../../extract/role.ts'
import {
  dynoErrorsOf,
  errorsOf,
  requestsOf,
  routeErrorsOf,
  sessionsOf,
} from '../../extract/router.ts'
import { sampleSeriesFor } from '../../extract/runtime.ts'
import type { Line } from '../../model/line.ts'
import type { Kind } from '../../model/series.ts'
import { type UnitScale, findUnit } from '../../parse/units.ts'
import type { ScanModule } from '../scan-module.ts'

/**
 * Teaches the scanner what a line is that was just counted the long way, so that it counts the next
 * one of its kind itself. What has no lesson (a rare kind of value) is counted the long way each time.
 */
export interface ScannerCache {
  readonly scan: ScanModule
  readonly state: AppState
  /** By which the scanner tells apps apart. */
  readonly number: number
  /** The scanner's cell of each series, 0 for none yet. */
  readonly cells: number[]
  /** Where the scanner has the app's pins, 0 for none; NO_PINS_ROOM when they don't fit. */
  readonly pins: number
  /** The same of the patterns of sessions. */
  readonly streams: number
  /** How many of the app's paths and dynos the scanner knows to have a place. */
  paths: number
  dynos: number
  /** Of what was learned of its routes, that which the scanner knows, and the bits of its positions. */
  generation: number
  readonly folds: Uint32Array
}

const ROLES = new Map<Role, number>([
  ['router', 1],
  ['app', 2],
  ['dyno', 3],
])
/** Lines of it are counted the long way. */
export const OTHER_ROLE = 4

export const NO_PINS_ROOM = -1

const KEY = { nothing: 0, label: 1, value: 2, anyValue: 3, other: 4 } as const
const KINDS: Readonly<Record<Kind, number>> = { count: 0, measure: 1, sample: 2, unique: 3 }

/** One entry of the module's MATCHES, in words: see src/scan/pairs.ts. */
const FOUND_WORDS = 12
const NO_ROOM = -1

/** Each lesson says false when the scanner has no more room to learn. */
export function registerProc(cache: ScannerCache, line: Line): boolean {
  const role = roleOf(cache.state, line)
  const isUnknown = role === 'router' && [cache.pins, cache.streams].includes(NO_PINS_ROOM)
  const number = isUnknown ? OTHER_ROLE : (ROLES.get(role) ?? OTHER_ROLE)
  return cache.scan.exports.learnProc(number) !== 0
}

/** The request that `state` still holds. */
export function registerRequest(cache: ScannerCache): boolean {
  const { state, scan } = cache
  const { request, routes } = state
  // The scanner counts it with all others, but for those that are learned from.
  if (routes.isLearnedFrom) return true
  const route = routes.found
  const dyno = dynoNamed(state, request.bytes, request.dynoStart, request.dynoEnd)
  const { method, status } = request
  const isError = hasErrorCode(request)
  const series: [number | undefined, Kind][] = [
    [requestsOf(state, request, dyno), 'count'],
    [dyno.service, 'measure'],
    [dyno.connect, 'measure'],
    [dyno.bytes, 'measure'],
    [route.requests[method]?.[Math.floor(status / 100)], 'count'],
    [route.service[method], 'measure'],
    [route.failed[method], 'count'],
    [isError ? errorsOf(state, request) : -1, 'count'],
    [isError ? dynoErrorsOf(state, request, dyno) : -1, 'count'],
    [isError ? routeErrorsOf(state, request, route) : -1, 'count'],
    [request.isSession ? sessionsOf(state) : -1, 'measure'],
  ]
  const cells = series.map(([number, kind]) => cellOf(cache, number ?? -1, kind))
  if (cells.includes(NO_ROOM)) return false
  if (request.isSession && cells.at(-1) === 0) return true
  if (cells[0] === 0 || cells[4] === 0 || method >= METHODS.length) return true
  return scan.exports.learnRequest(...(cells as RequestCells)) !== 0
}

type RequestCells = Parameters<ScanModule['exports']['learnRequest']>

/** What the keys of the line are. `count` are in MATCHES. */
export function registerKeys(
  cache: ScannerCache,
  line: Line,
  base: number,
  count: number,
): boolean {
  const { state, scan } = cache
  for (let i = 0; i < count; i += 1) {
    const at = i * FOUND_WORDS
    const [start, end] = [scan.found[at]! - base, scan.found[at + 1]! - base]
    const key = keyNumber(state.conventions.keys, line.bytes, start, end)
    if (scan.exports.learnKey(i, kindOfKey(state, key)) === 0) return false
  }
  return true
}

/** Where the values of the line are counted. */
export function registerValues(
  cache: ScannerCache,
  line: Line,
  base: number,
  count: number,
): boolean {
  const { state, scan } = cache
  const isRuntime = roleOf(state, line) === 'dyno'
  for (let i = 0; i < count; i += 1) {
    const at = i * FOUND_WORDS
    if (scan.found[at + 6] === 0 && scan.found[at + 7] === 0) continue
    const [start, end, , valueEnd, unitStart] = Array.from(
      scan.found.subarray(at, at + 5),
      (place) => place - base,
    ) as [number, number, number, number, number]
    const key = keyNumber(state.conventions.keys, line.bytes, start, end)
    const unit = findUnit(line.bytes, unitStart, valueEnd)
    if (key < 0 || unit === undefined) continue
    const target = isRuntime
      ? runtimeTarget(state, line, key, unit)
      : ownTarget(state, line, key, unit)
    if (target === undefined) continue
    const cell = cellOf(cache, target.series, target.kind)
    if (cell === NO_ROOM) return false
    if (cell === 0) continue
    const divides = target.times < 1 ? 1 : 0
    const factor = divides === 1 ? target.per : target.times
    if (scan.exports.learnValue(i, cell, KINDS[target.kind], divides, factor) === 0) return false
  }
  return true
}

interface Target {
  readonly series: number
  readonly kind: Kind
  readonly times: number
  readonly per: number
}

function runtimeTarget(
  state: AppState,
  line: Line,
  key: number,
  { times, per }: UnitScale,
): Target | undefined {
  const meaning = meaningOfKey(state, key)
  if (meaning === undefined || 'label' in meaning) return undefined
  const series = sampleSeriesFor(state, line, meaning.name)
  return series < 0 ? undefined : { series, kind: 'sample', times, per }
}

function ownTarget(state: AppState, line: Line, key: number, unit: UnitScale): Target | undefined {
  const meaning = meaningOfKey(state, key)
  if (meaning === undefined || 'label' in meaning) return undefined
  const { kind } = meaning
  const { name, base, times, per } =
    kind !== 'unique' && unit.base === '' && meaning.unitOfName !== undefined
      ? meaning.unitOfName
      : { name: meaning.name, ...unit }
  // It counts in two series.
  if (kind === 'measure' && name === QUEUE && base === 's') return undefined
  const { found } = state.conventions
  // Each label that finds no room is counted.
  if (found.lostLabels > 0) return undefined
  const labelSet = found.labels === 0 ? 0 : labelSetOf(state, line.bytes)
  const series = seriesFor(state, line.bytes, key, labelSet, kind, name, base)
  return { series, kind, times, per }
}

function kindOfKey(state: AppState, key: number): number {
  if (key === NOT_OURS) return KEY.nothing
  if (key < 0) return KEY.other
  const meaning = meaningOfKey(state, key)
  if (meaning === undefined) return KEY.nothing
  if ('label' in meaning) return KEY.label
  return meaning.kind === 'unique' ? KEY.anyValue : KEY.value
}

/** The scanner's cell for a series: 0 for none that it may have, NO_ROOM when it is full. */
function cellOf(cache: ScannerCache, series: number, kind: Kind): number {
  const { cells, state, scan } = cache
  if (series < 0) return 0
  while (cells.length <= series) cells.push(0)
  if (cells[series] === 0) {
    cells[series] = scan.exports.createCell(series, KINDS[kind], state.table.folded[series]!)
  }
  return cells[series] === 0 ? NO_ROOM : cells[series]!
}
