import {
  type OpenWindow,
  type Pool,
  releaseWindows,
  openWindow,
} from '../../aggregate/app-windows.ts'
import { type Accumulator, addAccumulator } from '../../model/accumulator.ts'
import type { SeriesTable } from '../../model/series-table.ts'
import { type Window, createWindow } from '../../model/window.ts'
import { RECORD, firstRecordLength, recordType } from '../../codec/record.ts'
import { deflatePacked } from '../../codec/window.ts'
import type { Packer } from '../../codec/packer.ts'
import type { Span, SpanContent } from '../spans.ts'
import type { RolledHour } from '../../codec/roll-up.ts'
import {
  WIDTH_1M,
  WIDTH_10S_KEPT_MS,
  WIDTH_10S,
  HOUR_MS,
  type Width,
} from '../../model/window-reader.ts'
import { addToTotals, dropGoneSamples, dropIdleSeries } from '../../codec/totals.ts'

/**
 * The windows of one app in memory. What comes is counted in open windows, by series number. These are
 * packed and appended to their packed windows when somebody reads or some seconds after they ended;
 * only the lifetime window stays unpacked.
 */
export interface MemoryApp {
  readonly maxSeries: number
  readonly lifetime: Window
  /** Fine windows. */
  open: OpenWindow[]
  /** Of those who bring accumulators of their own. */
  readonly pools: WeakMap<SeriesTable, Pool>
  readonly fine: WindowMap
  readonly coarse: WindowMap
  /** By start: what coarse windows were rolled up into; what came later lies on their windowMap. */
  readonly hours: Map<number, RolledHour>
}

/** The packed windows of one width by their starts. */
interface WindowMap {
  readonly width: Width
  readonly windows: Map<number, Buffer>
  /** Starts of windows that were appended to since they were made one record. */
  readonly open: Set<number>
}

interface Packed {
  readonly start: number
  readonly length: number
  readonly drop: () => void
}

/** A window becomes one record this long after its end, ms; what comes later is appended. */
const CLOSE_AFTER_MS = 5000
/** What is appended to a window before it is made one record: this much, or twice what there is. Bytes. */
const MIN_TAIL = 65_536

export function createMemoryApp(maxSeries: number): MemoryApp {
  return {
    maxSeries,
    lifetime: createWindow(),
    open: [],
    pools: new WeakMap(),
    fine: { width: WIDTH_10S, windows: new Map(), open: new Set() },
    coarse: { width: WIDTH_1M, windows: new Map(), open: new Set() },
    hours: new Map(),
  }
}

export function addDelta({ open, pools }: MemoryApp, start: number, acc: Accumulator): void {
  const { table } = acc
  let pool = pools.get(table)
  if (pool === undefined) pools.set(table, (pool = { table, free: [] }))
  addAccumulator(openWindow(open, pool, start), acc)
}

/** Brings what is in open windows to where it is read; of those that start before `limit`, ms. */
export function settle(app: MemoryApp, packer: Packer, limit = Infinity): void {
  const { lifetime, maxSeries } = app
  const due = app.open.filter(({ start }) => start < limit)
  if (due.length === 0) return
  app.open = app.open.filter(({ start }) => start >= limit)
  for (const start of new Set(due.map((window) => window.start))) {
    const accs = due.filter((window) => window.start === start).map(({ acc }) => acc)
    const packed = packer.packAccumulators(accs)
    append(app, app.fine, start, packed, packer)
    append(app, app.coarse, start - (start % WIDTH_1M), packed, packer)
    for (const acc of accs) addToTotals(lifetime, acc, maxSeries, start)
  }
  releaseWindows(due)
}

/** Makes windows that have ended one record each, and drops what is older than it is kept. */
export function tidy(app: MemoryApp, now: number, retentionMs: number, packer: Packer): void {
  settle(app, packer, now - WIDTH_10S - CLOSE_AFTER_MS)
  for (const windowMap of [app.fine, app.coarse]) {
    for (const start of windowMap.open) {
      if (start + windowMap.width + CLOSE_AFTER_MS > now) continue
      windowMap.windows.set(start, close(app, windowMap.windows.get(start)!, packer))
      windowMap.open.delete(start)
    }
  }
  dropBefore(app.fine, now - WIDTH_10S_KEPT_MS - WIDTH_10S)
  dropBefore(app.coarse, now - retentionMs - WIDTH_1M)
  for (const hour of app.hours.keys()) {
    if (hour < now - retentionMs - HOUR_MS) app.hours.delete(hour)
  }
  dropGoneSamples(app.lifetime, now)
  // No window holds it any more.
  const idleBefore = now - retentionMs - HOUR_MS
  if (app.lifetime.cells.size >= app.maxSeries)
    dropIdleSeries(app.lifetime, (_, { epoch }) => epoch < idleBefore)
}

/** Where the windows of one width begin and end that are there, ms; undefined when there are none. */
export function extentOf(app: MemoryApp, width: Width): { from: number; to: number } | undefined {
  const { windows } = width === WIDTH_10S ? app.fine : app.coarse
  let [from, to] = [Infinity, -Infinity]
  const note = (start: number, end: number) => {
    if (start < from) from = start
    if (end > to) to = end
  }
  for (const start of windows.keys()) note(start, start + width)
  if (width === WIDTH_1M) for (const hour of app.hours.keys()) note(hour, hour + HOUR_MS)
  return from < to ? { from, to } : undefined
}

export function contentOf(app: MemoryApp, width: Width, span: Span): SpanContent {
  const { windows } = width === WIDTH_10S ? app.fine : app.coarse
  const rolled = app.hours.get(span.hour)
  return {
    total: span.usesTotal ? rolled?.total : undefined,
    minutes: span.usesMinutes ? rolled?.minutes : undefined,
    windows: span.starts.map((start) => windows.get(start)),
  }
}

/** Bytes of what is kept packed. */
export function packedSize({ fine, coarse, hours }: MemoryApp): number {
  let size = 0
  for (const { length } of fine.windows.values()) size += length
  for (const { length } of coarse.windows.values()) size += length
  for (const { total, minutes } of hours.values()) size += total.length + minutes.length
  return size
}

/** What is kept packed, and how to drop it, for bounding what it takes. */
export function packedOf(app: MemoryApp): Packed[] {
  const hours = [...app.hours].map(([start, { total, minutes }]) => ({
    start,
    length: total.length + minutes.length,
    drop: () => app.hours.delete(start),
  }))
  return [...packedOn(app.fine), ...packedOn(app.coarse), ...hours]
}

function packedOn({ windows, open }: WindowMap): Packed[] {
  return [...windows].map(([start, { length }]) => {
    const drop = () => {
      windows.delete(start)
      open.delete(start)
    }
    return { start, length, drop }
  })
}

function append(
  app: MemoryApp,
  { windows, open }: WindowMap,
  start: number,
  packed: Buffer,
  packer: Packer,
): void {
  open.add(start)
  const known = windows.get(start)
  if (known === undefined) {
    windows.set(start, packed)
    return
  }
  const all = Buffer.concat([known, packed])
  const base = firstRecordLength(known)
  const isLong = all.length - base > Math.max(MIN_TAIL, 2 * base)
  windows.set(start, isLong ? close(app, all, packer) : all)
}

/** Makes one deflated record of a window. */
function close({ maxSeries }: MemoryApp, packed: Buffer, packer: Packer): Buffer {
  const record = packer.repack(packed, maxSeries)
  return recordType(record) === RECORD.plain ? deflatePacked(record) : record
}

function dropBefore({ windows, open }: WindowMap, time: number): void {
  for (const start of windows.keys()) {
    if (start >= time) continue
    windows.delete(start)
    open.delete(start)
  }
}
