import {
  type AppWindows,
  type OpenWindow,
  releaseWindows,
  openWindow,
  flushScanner,
} from '../aggregate/app-windows.ts'
import { type BodyCount, countBody, createBodyReader } from '../aggregate/body.ts'
import { sharedScanner } from '../aggregate/scanner/scanner.ts'
import { OVER_LIMIT } from '../extract/extract.ts'
import type { Accumulator } from '../model/accumulator.ts'
import type { DrainBody, DrainResult, DrainSource } from '../receive/drain.ts'
import { type Committer, RefusedError } from './committer.ts'
import { type BodyResult, countBodies } from './self-metrics.ts'
import { createSourceWindows } from './source-windows.ts'
import { WIDTH_10S } from '../model/window-reader.ts'
import { type Store } from '../store/store.ts'

/** Counts bodies and brings them into the store. */
export interface Intake {
  /** What it resolves may be acknowledged. Rejects with RefusedError when it may not. */
  readonly take: (body: DrainBody) => Promise<IntakeResult>
  /** To be told of a body that was refused before it came here; counts it as that. */
  readonly refuse: (source: DrainSource) => Promise<void>
}

export interface IntakeResult extends DrainResult {
  readonly outcome: BodyResult
}

export function createIntake(options: {
  readonly store: Store
  readonly committer: Committer
  readonly maxSeries: number
  readonly maxRoutes: number
  readonly pins: readonly string[]
}): Intake {
  const { store, committer } = options
  const reader = createBodyReader(WIDTH_10S, sharedScanner())
  const sources = createSourceWindows(options)

  /** Frames that were refused or came again, and are yet to be counted in the store. */
  const deferred = new WeakMap<AppWindows, Deferred>()

  const takeDeferred = (windows: AppWindows): Deferred => {
    const found = deferred.get(windows) ?? NOTHING_DEFERRED
    deferred.delete(windows)
    return found
  }

  const defer = (windows: AppWindows, { duplicate, refused }: Deferred) => {
    const more = takeDeferred(windows)
    deferred.set(windows, {
      duplicate: duplicate + more.duplicate,
      refused: refused + more.refused,
    })
  }

  /** Commits deferred counters without a body. */
  const commitDeferred = async (app: string, windows: AppWindows) => {
    const deferredNow = takeDeferred(windows)
    const start = windowStart(store.clock())
    const count = (open: OpenWindow[]) =>
      countDeferred(openWindow(open, windows, start), deferredNow)
    try {
      await committer.add(app, { id: undefined, size: 0, count })
    } catch (error) {
      // The next body of the app counts it.
      defer(windows, deferredNow)
      if (!(error instanceof RefusedError)) throw error
    }
  }

  const appOf = (source: DrainSource, windows: AppWindows): string =>
    windows === sources.overflow ? OVERFLOW_APP : source.app

  const take = async (body: DrainBody): Promise<IntakeResult> => {
    const { id, bytes } = body
    const windows = sources.of(body)
    const app = appOf(body, windows)
    const now = store.clock()
    const deferredNow = takeDeferred(windows)
    let result: BodyCount | undefined
    const count = (open: OpenWindow[]) => {
      result = countBody(reader, windows, bytes, now, open)
      if (windows === sources.overflow) moveToOverLimit(open)
      const acc = openWindow(open, windows, windowStart(now))
      countBodies(acc, 'committed', 1)
      countDeferred(acc, deferredNow)
    }
    let outcome: BodyResult
    try {
      outcome = await committer.add(app, { id, size: bytes.length, count })
    } catch (error) {
      defer(windows, deferredNow)
      defer(windows, ONE_REFUSED)
      throw error
    }
    // It was counted when it first came: only that it came again is new.
    if (outcome === 'duplicate') {
      defer(windows, deferredNow)
      defer(windows, ONE_DUPLICATE)
      await commitDeferred(app, windows)
    }
    // A known body wasn't counted: its sender is told the same as the first time.
    if (result === undefined) {
      const open: OpenWindow[] = []
      count(open)
      releaseWindows(open)
    }
    const { lines, malformed, late, skew } = result!
    return { outcome, lines, malformed, late, skew }
  }

  const refuse = async (source: DrainSource) => {
    const windows = sources.of(source)
    defer(windows, ONE_REFUSED)
    await commitDeferred(appOf(source, windows), windows)
  }

  return { take, refuse }
}

interface Deferred {
  readonly duplicate: number
  readonly refused: number
}

const NOTHING_DEFERRED: Deferred = { duplicate: 0, refused: 0 }
const ONE_DUPLICATE: Deferred = { duplicate: 1, refused: 0 }
const ONE_REFUSED: Deferred = { duplicate: 0, refused: 1 }

function countDeferred(acc: Accumulator, { duplicate, refused }: Deferred): void {
  if (duplicate > 0) countBodies(acc, 'duplicate', duplicate)
  if (refused > 0) countBodies(acc, 'refused', refused)
}

function windowStart(time: number): number {
  return time - (time % WIDTH_10S)
}

/** Under this app stands what comes from too many sources: how many lines, all over the limit. */
const OVERFLOW_APP = '(other)'

function moveToOverLimit(open: readonly OpenWindow[]): void {
  flushScanner()
  for (const { acc } of open) {
    const lines = acc.results.reduce((sum, n) => sum + n, 0)
    acc.results.fill(0)
    acc.results[OVER_LIMIT] = lines
  }
}
