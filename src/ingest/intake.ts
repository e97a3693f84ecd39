import {
  type AppWindows,
  type OpenWindow,
  createAppWindows,
  releaseWindows,
  openWindow,
} from '../aggregate/app-windows.ts'
import { type BodyCount, countBody, createBodyReader } from '../aggregate/body.ts'
import { sharedScanner } from '../aggregate/scanner/scanner.ts'
import { OVER_LIMIT } from '../extract/extract.ts'
import { OVERFLOW_APP, UNKNOWN_APP } from '../model/apps.ts'
import type { DrainBody, DrainResult, DrainSource } from '../receive/drain.ts'
import type { RefusalReason } from '../receive/refusal-reason.ts'
import { createClockWatch } from './clock-watch.ts'
import type { Committer } from './committer.ts'
import {
  type DeferredCounts,
  ONE_DUPLICATE,
  createDeferredCounts,
  refusalOf,
  windowStart,
} from './deferred-counts.ts'
import { RefusedError } from './refusal.ts'
import type { RouteLearning } from './route-learning.ts'
import { type BodyResult, compareFrames, countBodies } from './self-metrics.ts'
import { type SourceOptions, createSourceWindows } from './source-windows.ts'
import { WIDTH_10S } from '../model/window-reader.ts'
import { type Store } from '../store/store.ts'

/** Counts bodies and brings them into the store. */
export interface Intake {
  /** What it resolves may be acknowledged. Rejects with RefusedError when it may not. */
  readonly take: (body: DrainBody) => Promise<IntakeResult>
  /** Counts a request that was refused before it came here; without a source its sender isn't known. */
  readonly refuse: (source: DrainSource | undefined, reason: RefusalReason) => void
  /** Commits what refused and repeated bodies have yet to count; resolves when that is done, or after a second. */
  readonly flush: () => Promise<void>
}

export interface IntakeResult extends DrainResult {
  readonly outcome: BodyResult
}

export function createIntake(options: {
  readonly store: Store
  readonly committer: Committer
  readonly maxSeries: number
  readonly maxRoutes: number
  readonly pins?: readonly string[]
  readonly patternsOf?: SourceOptions['patternsOf']
  readonly routes?: RouteLearning
  readonly warn?: (details: object, text: string) => void
}): Intake {
  const { store, committer, routes, warn = () => {} } = options
  const clocks = createClockWatch({ storeTime: () => store.clock(), warn })
  const reader = createBodyReader(WIDTH_10S, sharedScanner())
  const sources = createSourceWindows({ ...options, learnedOf: routes?.of })
  const strangers = createAppWindows(options)
  const deferred = createDeferredCounts(committer, () => store.clock())

  const appOf = (source: DrainSource, windows: AppWindows): string =>
    windows === sources.overflow ? OVERFLOW_APP : source.app

  /** Lives as long as a body is spilled, and must not hold its bytes: V8 shares a scope's variables. */
  const duplicateCounter =
    (app: string, windows: AppWindows, carried: DeferredCounts | undefined) => () => {
      deferred.add(app, windows, ONE_DUPLICATE, carried)
      void deferred.commit(app, windows)
    }

  const take = async (body: DrainBody): Promise<IntakeResult> => {
    const { id, frames, bytes } = body
    const now = store.clock()
    const windows = sources.of(body, now)
    const app = appOf(body, windows)
    const wait = routes?.ready(app)
    if (wait !== undefined) await wait
    const carried = deferred.take(windows)
    let result: BodyCount | undefined
    const count = (open: OpenWindow[]) => {
      result = countBody(reader, windows, bytes, now, open)
      if (windows === sources.overflow) moveToOverLimit(open)
      const acc = openWindow(open, windows, windowStart(now))
      countBodies(acc, 'committed', 1)
      if (frames !== undefined) compareFrames(acc, frames, result.lines)
      carried?.addTo(acc)
    }
    const onLateDuplicate = duplicateCounter(app, windows, carried)
    let outcome: BodyResult
    try {
      outcome = await committer.add(app, { id, size: bytes.length, count, onLateDuplicate })
    } catch (error) {
      noteFailed(app, windows, error, carried)
      throw error
    }
    // It was counted when it first came: only that it came again is new.
    if (outcome === 'duplicate') {
      deferred.add(app, windows, ONE_DUPLICATE, carried)
      await deferred.commit(app, windows)
    }
    // A known body wasn't counted: its sender is told the same as the first time.
    if (result === undefined) {
      const open: OpenWindow[] = []
      count(open)
      releaseWindows(open)
    }
    routes?.noteLines(app)
    const { lines, malformed, late, skew } = result!
    // The drain is not to blame then.
    if (late > 0 && clocks.isStoreWrong(result!))
      return { outcome, lines, malformed, late: 0, skew: 0 }
    return { outcome, lines, malformed, late, skew }
  }

  /** Counts a body that failed as refused, once it is known that the store didn't take it nevertheless. */
  const noteFailed = (
    app: string,
    windows: AppWindows,
    error: unknown,
    carried: DeferredCounts | undefined,
  ) => {
    const add = () => {
      deferred.add(app, windows, refusalOf('store'), carried)
      deferred.commitNext()
    }
    if (!(error instanceof RefusedError)) return add()
    void error.wasCommitted.then((wasCommitted) => {
      if (!wasCommitted) add()
    })
    return undefined
  }

  const refuse: Intake['refuse'] = (source, reason) => {
    const windows = source === undefined ? strangers : sources.of(source, store.clock())
    const app = source === undefined ? UNKNOWN_APP : appOf(source, windows)
    deferred.add(app, windows, refusalOf(reason, source !== undefined && reason !== 'not_logs'))
    deferred.commitSoon()
  }

  return { take, refuse, flush: deferred.flush }
}

function moveToOverLimit(open: readonly OpenWindow[]): void {
  for (const { acc } of open) {
    const lines = acc.results.reduce((sum, n) => sum + n, 0)
    acc.results.fill(0)
    acc.results[OVER_LIMIT] = lines
  }
}
