import type { Accumulator } from '../model/accumulator.ts'
import { type Window, createWindow, mergeWindow } from '../model/window.ts'
import {
  type HotWindow,
  addToHot,
  addToLifetime,
  createHotWindow,
  dropOldSamples,
} from './hot-window.ts'
import { deflatePacked, mergePacked } from './packed.ts'
import type { Packer } from './packer.ts'
import { COARSE_MS, FINE_KEPT_MS, FINE_MS, SAMPLES_KEPT_MS, type Width } from './store.ts'

/**
 * The windows of one app in memory. Fine windows are hot while lines come for them; then they are
 * packed, and added to their coarse window, which is thus made of them and never written by a commit.
 */
export interface MemoryApp {
  readonly lifetime: HotWindow
  /** Fine windows by start. */
  readonly hot: Map<number, HotWindow>
  readonly fine: Map<number, Buffer>
  readonly coarse: Map<number, Buffer>
  /** Starts of coarse windows that were added to since they were last packed. */
  readonly grown: Set<number>
}

/** A window takes lines for this long after its end before it is packed, ms; later ones are added. */
const COOL_AFTER_MS = 5000
/** More hot windows than this mean lines of many ages: the oldest are packed early. */
const MAX_HOT = 16

export function createMemoryApp(): MemoryApp {
  return {
    lifetime: createHotWindow(),
    hot: new Map(),
    fine: new Map(),
    coarse: new Map(),
    grown: new Set(),
  }
}

export function addDelta(
  app: MemoryApp,
  start: number,
  acc: Accumulator,
  maxSeries: number,
  packer: Packer,
): void {
  let hot = app.hot.get(start)
  if (hot === undefined) {
    if (app.hot.size >= MAX_HOT) cool(app, Math.min(...app.hot.keys()), packer)
    app.hot.set(start, (hot = createHotWindow()))
  }
  addToHot(hot, acc, maxSeries)
  addToLifetime(app.lifetime, acc, maxSeries)
}

/** Packs the windows that have ended and drops what is older than it is kept. */
export function tidy(app: MemoryApp, now: number, retentionMs: number, packer: Packer): void {
  for (const start of app.hot.keys()) {
    if (start + FINE_MS + COOL_AFTER_MS <= now) cool(app, start, packer)
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
  const packed = width === FINE_MS ? app.fine : app.coarse
  const windows = new Map<number, Window>()
  const windowAt = (start: number): Window => {
    let window = windows.get(start)
    if (window === undefined) windows.set(start, (window = createWindow()))
    return window
  }
  for (const [start, bytes] of packed) {
    if (start + width > from && start < to) mergePacked(windowAt(start), bytes)
  }
  for (const [fine, hot] of app.hot) {
    const start = fine - (fine % width)
    if (start + width > from && start < to) mergeWindow(windowAt(start), hot.window)
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

function cool(app: MemoryApp, start: number, packer: Packer): void {
  const packed = packer.packWindow(app.hot.get(start)!.window)
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
