import {
  type AppWindows,
  type OpenWindow,
  closeWindows,
  openWindow,
  settleWindows,
} from '../aggregate/app-windows.ts'
import { type BodyCount, countBody, createBodyReader } from '../aggregate/body.ts'
import { sharedScanner } from '../aggregate/scanner/scanner.ts'
import { OVER_LIMIT } from '../extract/extract.ts'
import type { Accumulator } from '../model/accumulator.ts'
import type { DrainBody, DrainResult, DrainSource } from '../receive/drain.ts'
import { type Committer, RefusedError } from './committer.ts'
import { type FrameResult, countFrames } from './body-counts.ts'
import { createSourceWindows } from './source-windows.ts'
import { FINE_MS, type Store } from '../store/store.ts'

/** Counts bodies and brings them into the store. */
export interface Intake {
  /** What it resolves may be acknowledged. Rejects with RefusedError when it may not. */
  readonly take: (body: DrainBody) => Promise<IntakeResult>
  /** To be told of a body that was refused before it came here; counts it as that. */
  readonly refuse: (source: DrainSource) => Promise<void>
}

export interface IntakeResult extends DrainResult {
  readonly frame: FrameResult
}

export function createIntake(options: {
  readonly store: Store
  readonly committer: Committer
  readonly maxSeries: number
  readonly maxRoutes: number
  readonly pins: readonly string[]
}): Intake {
  const { store, committer } = options
  const reader = createBodyReader(FINE_MS, sharedScanner())
  const sources = createSourceWindows(options)

  /** Frames that were refused or came again, and are yet to be counted in the store. */
  const owed = new WeakMap<AppWindows, Owed>()

  const takeOwed = (windows: AppWindows): Owed => {
    const found = owed.get(windows) ?? NOTHING_OWED
    owed.delete(windows)
    return found
  }

  const owe = (windows: AppWindows, { duplicate, refused }: Owed) => {
    const more = takeOwed(windows)
    owed.set(windows, {
      duplicate: duplicate + more.duplicate,
      refused: refused + more.refused,
    })
  }

  /** Counts what is owed without a body. */
  const payOwed = async (app: string, windows: AppWindows) => {
    const due = takeOwed(windows)
    const start = fineStart(store.clock())
    const count = (open: OpenWindow[]) => countOwed(openWindow(open, windows, start), due)
    try {
      await committer.add(app, { id: undefined, size: 0, count })
    } catch (error) {
      // The next frame of the app counts it.
      owe(windows, due)
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
    const due = takeOwed(windows)
    let result: BodyCount | undefined
    const count = (open: OpenWindow[]) => {
      result = countBody(reader, windows, bytes, now, open)
      if (windows === sources.overflow) moveToOverLimit(open)
      const acc = openWindow(open, windows, fineStart(now))
      countFrames(acc, 'committed', 1)
      countOwed(acc, due)
    }
    let frame: FrameResult
    try {
      frame = await committer.add(app, { id, size: bytes.length, count })
    } catch (error) {
      owe(windows, due)
      owe(windows, ONE_REFUSED)
      throw error
    }
    // It was counted when it first came: only that it came again is new.
    if (frame === 'duplicate') {
      owe(windows, due)
      owe(windows, ONE_DUPLICATE)
      await payOwed(app, windows)
    }
    // A known frame wasn't counted: its sender is told the same as the first time.
    if (result === undefined) {
      const open: OpenWindow[] = []
      count(open)
      closeWindows(open)
    }
    const { lines, malformed, late, skew } = result!
    return { frame, lines, malformed, late, skew }
  }

  const refuse = async (source: DrainSource) => {
    const windows = sources.of(source)
    owe(windows, ONE_REFUSED)
    await payOwed(appOf(source, windows), windows)
  }

  return { take, refuse }
}

interface Owed {
  readonly duplicate: number
  readonly refused: number
}

const NOTHING_OWED: Owed = { duplicate: 0, refused: 0 }
const ONE_DUPLICATE: Owed = { duplicate: 1, refused: 0 }
const ONE_REFUSED: Owed = { duplicate: 0, refused: 1 }

function countOwed(acc: Accumulator, { duplicate, refused }: Owed): void {
  if (duplicate > 0) countFrames(acc, 'duplicate', duplicate)
  if (refused > 0) countFrames(acc, 'refused', refused)
}

function fineStart(time: number): number {
  return time - (time % FINE_MS)
}

/** Under this app stands what comes from too many sources: how many lines, all over the limit. */
const OVERFLOW_APP = '(other)'

function moveToOverLimit(open: readonly OpenWindow[]): void {
  settleWindows()
  for (const { acc } of open) {
    const lines = acc.results.reduce((sum, n) => sum + n, 0)
    acc.results.fill(0)
    acc.results[OVER_LIMIT] = lines
  }
}
