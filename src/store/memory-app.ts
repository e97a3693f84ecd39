import {
  type Accumulator,
  addAccumulator,
  createAccumulator,
  resetAccumulator,
} from '../model/accumulator.ts'
import { type Window, createWindow } from '../model/window.ts'
import { deflatePacked, firstRecordLength, mergePacked } from './packed.ts'
import type { Packer } from './packer.ts'
import { COARSE_MS, FINE_KEPT_MS, FINE_MS, SAMPLES_KEPT_MS, type Width } from './store.ts'
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
  dropOldSamples(app.lifetime, now - SAMPLES_KEPT_MS)
}

/** The windows of one width that touch [from, to), oldest first. */
export function windowsOf(
  app: MemoryApp,
  width: Width,
  from: number,
  to: number,
): { start: number; width: Width; window: Window }[] {
  const { windows } = width === FINE_MS ? app.fine : app.coarse
  return [...windows]
    .filter(([start]) => start + width > from && start < to)
    .toSorted(([a], [b]) => a - b)
    .map(([start, packed]) => ({ start, width, window: unpack(app, packed) }))
}

/** The packed windows of both widths, for bounding what they take. */
export function shelvesOf(app: MemoryApp): Shelf[] {
  return [app.fine, app.coarse]
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
  return deflatePacked(packer.packWindow(unpack(app, packed)))
}

function unpack({ maxSeries }: MemoryApp, packed: Buffer): Window {
  const window = createWindow()
  mergePacked(window, packed, { maxSeries })
  return window
}

function dropBefore({ windows, open }: Shelf, time: number): void {
  for (const start of windows.keys()) {
    if (start >= time) continue
    windows.delete(start)
    open.delete(start)
  }
}
