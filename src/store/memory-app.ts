import {
  type Accumulator,
  addAccumulator,
  createAccumulator,
  resetAccumulator,
} from '../model/accumulator.ts'
import { type Window, createWindow } from '../model/window.ts'
import { deflatePacked, firstRecordLength } from './packed.ts'
import { unpack } from './packed-visit.ts'
import type { Packer } from './packer.ts'
import type { Span, SpanContent } from './read-spans.ts'
import type { RolledHour } from './roll-up.ts'
import { COARSE_MS, FINE_KEPT_MS, FINE_MS, HOUR_MS, SAMPLES_KEPT_MS, type Width } from './store.ts'
import { addToLifetime, dropOldSamples } from './lifetime.ts'

/**
 * The windows of one app in memory. A commit adds to `fresh` and nothing else, by series number.
 * What is fresh is packed and appended to its windows when somebody reads or some seconds have
 * passed; only the lifetime window stays unpacked.
 */
export interface MemoryApp {
  readonly maxSeries: number
  readonly lifetime: Window
  /** By start of the fine window. */
  readonly fresh: Map<number, Accumulator[]>
  readonly fine: Shelf
  readonly coarse: Shelf
  /** By start: what coarse windows were rolled up into; what came later lies on their shelf. */
  readonly hours: Map<number, RolledHour>
  /** Accumulators to be used again. */
  readonly free: Accumulator[]
}

/** The packed windows of one width by their starts. */
interface Shelf {
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
const MAX_FREE = 2

export function createMemoryApp(maxSeries: number): MemoryApp {
  return {
    maxSeries,
    lifetime: createWindow(),
    fresh: new Map(),
    fine: { width: FINE_MS, windows: new Map(), open: new Set() },
    coarse: { width: COARSE_MS, windows: new Map(), open: new Set() },
    hours: new Map(),
    free: [],
  }
}

export function addDelta(app: MemoryApp, start: number, acc: Accumulator): void {
  let accs = app.fresh.get(start)
  if (accs === undefined) app.fresh.set(start, (accs = []))
  let sum = accs.find(({ table }) => table === acc.table)
  if (sum === undefined) accs.push((sum = takeFree(app, acc)))
  addAccumulator(sum, acc)
}

/** Brings what is fresh to where it is read. */
export function settle(app: MemoryApp, packer: Packer): void {
  const { fresh, lifetime, free, maxSeries } = app
  for (const [start, accs] of fresh) {
    const packed = packer.packAccumulators(accs)
    append(app, app.fine, start, packed, packer)
    append(app, app.coarse, start - (start % COARSE_MS), packed, packer)
    for (const acc of accs) {
      addToLifetime(lifetime, acc, maxSeries)
      resetAccumulator(acc)
      if (free.length < MAX_FREE) free.push(acc)
    }
  }
  fresh.clear()
}

/** Makes windows that have ended one record each, and drops what is older than it is kept. */
export function tidy(app: MemoryApp, now: number, retentionMs: number, packer: Packer): void {
  settle(app, packer)
  for (const shelf of [app.fine, app.coarse]) {
    for (const start of shelf.open) {
      if (start + shelf.width + CLOSE_AFTER_MS > now) continue
      shelf.windows.set(start, repack(app, shelf.windows.get(start)!, packer))
      shelf.open.delete(start)
    }
  }
  dropBefore(app.fine, now - FINE_KEPT_MS - FINE_MS)
  dropBefore(app.coarse, now - retentionMs - COARSE_MS)
  for (const hour of app.hours.keys()) {
    if (hour < now - retentionMs - HOUR_MS) app.hours.delete(hour)
  }
  dropOldSamples(app.lifetime, now - SAMPLES_KEPT_MS)
}

/** Where the windows of one width begin and end that are there, ms; undefined when there are none. */
export function extentOf(app: MemoryApp, width: Width): { from: number; to: number } | undefined {
  const { windows } = width === FINE_MS ? app.fine : app.coarse
  let [from, to] = [Infinity, -Infinity]
  const note = (start: number, end: number) => {
    if (start < from) from = start
    if (end > to) to = end
  }
  for (const start of windows.keys()) note(start, start + width)
  if (width === COARSE_MS) for (const hour of app.hours.keys()) note(hour, hour + HOUR_MS)
  return from < to ? { from, to } : undefined
}

export function contentOf(app: MemoryApp, width: Width, span: Span): SpanContent {
  const { windows } = width === FINE_MS ? app.fine : app.coarse
  const rolled = app.hours.get(span.hour)
  return {
    total: span.usesTotal ? rolled?.total : undefined,
    minutes: span.usesMinutes ? rolled?.minutes : undefined,
    windows: span.starts.map((start) => windows.get(start)),
  }
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

function packedOn({ windows, open }: Shelf): Packed[] {
  return [...windows].map(([start, { length }]) => {
    const drop = () => {
      windows.delete(start)
      open.delete(start)
    }
    return { start, length, drop }
  })
}

function takeFree({ free }: MemoryApp, { table }: Accumulator): Accumulator {
  const at = free.findIndex((acc) => acc.table === table)
  return at < 0 ? createAccumulator(table) : free.splice(at, 1)[0]!
}

function append(
  app: MemoryApp,
  { windows, open }: Shelf,
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
  windows.set(start, isLong ? repack(app, all, packer) : all)
}

function repack(app: MemoryApp, packed: Buffer, packer: Packer): Buffer {
  return deflatePacked(packer.packWindow(unpack(packed, app.maxSeries)))
}

function dropBefore({ windows, open }: Shelf, time: number): void {
  for (const start of windows.keys()) {
    if (start >= time) continue
    windows.delete(start)
    open.delete(start)
  }
}
