import { type Accumulator, mergeAccumulator, mergeIntoLifetime } from '../model/accumulator.ts'
import { type Window, createWindow } from '../model/window.ts'
import {
  COARSE_MS,
  FINE_KEPT_MS,
  FINE_MS,
  type Frame,
  IDS_KEPT_MS,
  type Store,
  type TimedWindow,
  type Width,
} from './store.ts'

interface AppData {
  readonly lifetime: Window
  readonly fine: Map<number, Window>
  readonly coarse: Map<number, Window>
}

/** Windows in this process: what is acknowledged lives as long as the process does. */
export function createMemoryStore(options: {
  readonly retentionMs: number
  readonly now: () => number
}): Store {
  const apps = new Map<string, AppData>()
  let recentIds = new Set<string>()
  let olderIds = new Set<string>()
  let turned = options.now()
  let swept = options.now()

  const turnIds = (now: number) => {
    if (now - turned < IDS_KEPT_MS) return
    olderIds = now - turned < 2 * IDS_KEPT_MS ? recentIds : new Set()
    recentIds = new Set()
    turned = now
  }

  const sweep = (now: number) => {
    if (now - swept < FINE_MS) return
    swept = now
    for (const { fine, coarse } of apps.values()) {
      for (const start of fine.keys()) if (start < now - FINE_KEPT_MS) fine.delete(start)
      for (const start of coarse.keys()) if (start < now - options.retentionMs) coarse.delete(start)
    }
  }

  const commit = (app: string, frames: readonly Frame[]): readonly number[] => {
    const now = options.now()
    turnIds(now)
    sweep(now)
    const ids = frames.map((frame) => frame.id && `${app}\0${frame.id}`)
    const known = ids.flatMap((id, i) => (id && (recentIds.has(id) || olderIds.has(id)) ? [i] : []))
    if (known.length > 0) return known
    for (const id of ids) if (id) recentIds.add(id)
    let data = apps.get(app)
    if (data === undefined) apps.set(app, (data = createAppData()))
    for (const frame of frames) for (const { start, acc } of frame.deltas) apply(data, start, acc)
    return []
  }

  return {
    commit: async (app, frames) => commit(app, frames),
    read: async (app, width, from, to) => {
      const data = apps.get(app)
      return data === undefined ? [] : windowsIn(data, width, from, to)
    },
    lifetime: async () => new Map([...apps].map(([app, data]) => [app, data.lifetime])),
    clock: options.now,
    close: async () => {},
  }
}

function createAppData(): AppData {
  return { lifetime: createWindow(), fine: new Map(), coarse: new Map() }
}

function apply(data: AppData, start: number, acc: Accumulator): void {
  mergeAccumulator(windowAt(data.fine, start), acc)
  mergeAccumulator(windowAt(data.coarse, start - (start % COARSE_MS)), acc)
  mergeIntoLifetime(data.lifetime, acc)
}

function windowAt(windows: Map<number, Window>, start: number): Window {
  let window = windows.get(start)
  if (window === undefined) windows.set(start, (window = createWindow()))
  return window
}

function windowsIn(data: AppData, width: Width, from: number, to: number): TimedWindow[] {
  const windows = width === FINE_MS ? data.fine : data.coarse
  return [...windows]
    .filter(([start]) => start + width > from && start < to)
    .map(([start, window]) => ({ start, width, window }))
    .toSorted((a, b) => a.start - b.start)
}
