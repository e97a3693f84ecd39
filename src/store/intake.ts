import {
  type AppWindows,
  type OpenWindow,
  closeWindows,
  openWindow,
  settleWindows,
} from '../aggregate/app-windows.ts'
import { type BodyCount, countBody, createBodyReader } from '../aggregate/body.ts'
import { sharedScanner } from '../aggregate/scanner.ts'
import { OVER_LIMIT } from '../extract/extract.ts'
import type { DrainBody, DrainResult, DrainSource } from '../receive/drain.ts'
import { type Committer, RefusedError } from './committer.ts'
import { type FrameResult, countFrames } from './frame-count.ts'
import type { PendingFrame } from './lane.ts'
import { createSourceWindows } from './source-windows.ts'
import { FINE_MS, type Store } from './store.ts'

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

  /** Adds a frame that counts with it what is owed; `failed` is owed when it is refused. */
  const add = async (
    app: string,
    windows: AppWindows,
    frame: PendingFrame & { readonly now: number },
    failed: Owed,
  ): Promise<FrameResult> => {
    const due = takeOwed(windows)
    const count = (open: OpenWindow[]) => {
      frame.count(open)
      if (due === NOTHING_OWED) return
      const acc = openWindow(open, windows, frame.now - (frame.now % FINE_MS))
      if (due.duplicate > 0) countFrames(acc, 'duplicate', due.duplicate)
      if (due.refused > 0) countFrames(acc, 'refused', due.refused)
    }
    try {
      const result = await committer.add(app, { id: frame.id, size: frame.size, count })
      if (result === 'duplicate') owe(windows, due)
      return result
    } catch (error) {
      owe(windows, due)
      owe(windows, failed)
      throw error
    }
  }

  /** Counts what is owed without a body. */
  const payOwed = async (app: string, windows: AppWindows) => {
    try {
      const frame = { id: undefined, size: 0, now: store.clock(), count: () => {} }
      await add(app, windows, frame, NOTHING_OWED)
    } catch (error) {
      // Still owed: the next frame of the app counts it.
      if (!(error instanceof RefusedError)) throw error
    }
  }

  const appOf = (source: DrainSource, windows: AppWindows): string =>
    windows === sources.overflow ? OVERFLOW_APP : source.app

  const take = async (body: DrainBody): Promise<IntakeResult> => {
    const windows = sources.of(body)
    const app = appOf(body, windows)
    const now = store.clock()
    let result: BodyCount | undefined
    const count = (open: OpenWindow[]) => {
      result = countBody(reader, windows, body.bytes, now, open)
      if (windows === sources.overflow) moveToOverLimit(open)
      countFrames(openWindow(open, windows, now - (now % FINE_MS)), 'committed', 1)
    }
    const { id, bytes } = body
    const frame = await add(app, windows, { id, size: bytes.length, now, count }, ONE_REFUSED)
    // It was counted when it first came: only that it came again is new.
    if (frame === 'duplicate') {
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
