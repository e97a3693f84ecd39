import {
  type Accumulator,
  addAccumulator,
  createAccumulator,
  resetAccumulator,
} from '../model/accumulator.ts'
import { type Window, createWindow, mergeWindow } from '../model/window.ts'
import { deflatePacked, mergePacked } from './packed.ts'
import type { Packer } from './packer.ts'
import { COARSE_MS, FINE_KEPT_MS, FINE_MS, SAMPLES_KEPT_MS, type Width } from './store.ts'
import { addToLifetime, addToWindow, dropOldSamples } from './stored-window.ts'

/**
 * The windows of one app in memory. A commit adds to `fresh` and nothing else, by series number.
 * What is fresh is brought into the hot fine windows and the lifetime window when somebody reads or
 * some seconds have passed. Fine windows that have ended are packed, and added to their coarse window.
 */
export interface MemoryApp {
  readonly maxSeries: number
  readonly lifetime: Window
  /** By start of the fine window. */
  readonly fresh: Map<number, Accumulator[]>
  readonly hot: Map<number, Window>
  readonly fine: Map<number, Buffer>
  readonly coarse: Map<number, Buffer>
  /** Starts of coarse windows that were added to since they were last packed. */
  readonly grown: Set<number>
  /** Accumulators to be used again. */
  readonly free: Accumulator[]
}

/** A window takes lines for this long after its end before it is packed, ms; later ones are added. */
const COOL_AFTER_MS = 5000
const MAX_FREE = 2

export function createMemoryApp(maxSeries: number): MemoryApp {
  return {
    maxSeries,
    lifetime: createWindow(),
    fresh: new Map(),
    hot: new Map(),
    fine: new Map(),
    coarse: new Map(),
    grown: new Set(),
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
export function settle(app: MemoryApp): void {
  const { fresh, hot, lifetime, free, maxSeries } = app
  for (const [start, accs] of fresh) {
    let window = hot.get(start)
    if (window === undefined) hot.set(start, (window = createWindow()))
    for (const acc of accs) {
      addToWindow(window, acc, maxSeries)
      addToLifetime(lifetime, acc, maxSeries)
      resetAccumulator(acc)
      if (free.length < MAX_FREE) free.push(acc)
    }
  }
  fresh.clear()
}

/** Packs the windows that have ended and drops what is older than it is kept. */
export function tidy(app: MemoryApp, now: number, retentionMs: number, packer: Packer): void {
  settle(app)
  for (const [start, window] of app.hot) {
    if (start + FINE_MS + COOL_AFTER_MS <= now) cool(app, start, window, packer)
  }
  for (const start of app.grown) {
    if (start + COARSE_MS + COOL_AFTER_MS > now) continue
    app.coarse.set(start, repack([app.coarse.get(start)!], packer))
    app.grown.delete(start)
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
  settle(app)
  const windows = new Map<number, Window>()
  const windowAt = (start: number): Window => {
    let window = windows.get(start)
    if (window === undefined) windows.set(start, (window = createWindow()))
    return window
  }
  for (const [start, bytes] of width === FINE_MS ? app.fine : app.coarse) {
    if (start + width > from && start < to) mergePacked(windowAt(start), bytes)
  }
  for (const [fine, window] of app.hot) {
    const start = fine - (fine % width)
    if (start + width > from && start < to) mergeWindow(windowAt(start), window)
  }
  return [...windows]
    .toSorted(([a], [b]) => a - b)
    .map(([start, window]) => ({ start, width, window }))
}

/** Bytes of the packed windows. */
export function packedSize(app: MemoryApp): number {
  let size = 0
  for (const bytes of app.fine.values()) size += bytes.length
  for (const bytes of app.coarse.values()) size += bytes.length
  return size
}

function takeFree({ free }: MemoryApp, { table }: Accumulator): Accumulator {
  const at = free.findIndex((acc) => acc.table === table)
  return at < 0 ? createAccumulator(table) : free.splice(at, 1)[0]!
}

function cool(app: MemoryApp, start: number, window: Window, packer: Packer): void {
  const packed = packer.packWindow(window)
  app.hot.delete(start)
  const known = app.fine.get(start)
  app.fine.set(start, known === undefined ? deflatePacked(packed) : repack([known, packed], packer))
  const coarse = start - (start % COARSE_MS)
  app.coarse.set(coarse, Buffer.concat([app.coarse.get(coarse) ?? NOTHING, packed]))
  app.grown.add(coarse)
}

const NOTHING = Buffer.alloc(0)

function repack(parts: readonly Buffer[], packer: Packer): Buffer {
  const window = createWindow()
  for (const part of parts) mergePacked(window, part)
  return deflatePacked(packer.packWindow(window))
}

function dropBefore(windows: Map<number, Buffer>, time: number): void {
  for (const start of windows.keys()) if (start < time) windows.delete(start)
}
