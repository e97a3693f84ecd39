import { setTimeout as sleep } from 'node:timers/promises'
import { joinLearned, learnedOf } from '../extract/learned/exchange.ts'
import { type LearnedRoutes, createLearnedRoutes } from '../extract/learned/learned-routes.ts'
import { splitRoutes } from '../parse/route-pattern.ts'
import type { Store } from '../store/store.ts'
import { readRouteRecord, recordText, writeRouteRecord } from './route-record.ts'

/** What this process learns of the routes of its apps, and shares with others through the store. */
export interface RouteLearning {
  /** What is known of an app. */
  readonly of: (app: string) => LearnedRoutes
  /** Resolves when what is stored of an app is known, or soon; undefined when that is so already. */
  readonly ready: (app: string) => Promise<void> | undefined
  /** Notes that lines of an app were counted: what they taught is shared soon. */
  readonly noteLines: (app: string) => void
  /** Shares what is known of an app; rejects when the store can't be reached. */
  readonly share: (app: string) => Promise<void>
  /** Shares everything a last time, for a second at most. */
  readonly stop: () => Promise<void>
}

export interface RouteLearningOptions {
  readonly store: Store
  readonly maxRoutes: number
  /** The operator's `ROUTES` for an app. */
  readonly patternsOf?: ((app: string) => { readonly pins?: readonly string[] }) | undefined
  readonly everyMs?: number
}

interface Known {
  readonly learned: LearnedRoutes
  isRead: boolean
  /** Whether lines came since it was last shared. */
  isActive: boolean
  /** The generation that is in the store. */
  generation: number
  /** When it was last written, by performance.now(). */
  writtenAt: number
  sharing: Promise<void> | undefined
  first: Promise<void> | undefined
}

const EVERY_MS = 10_000
/** What others have learned is read at least so often while lines come. */
const READ_MS = 60_000
/** A record that nothing changes is written again, so that it doesn't expire. */
const RENEW_MS = 86_400_000
/** The first lines of an app wait so long for what is stored. */
const FIRST_MS = 500
const STOP_MS = 1000
const TRIES = 4

export function createRouteLearning(options: RouteLearningOptions): RouteLearning {
  const { store, maxRoutes, patternsOf, everyMs = EVERY_MS } = options
  const apps = new Map<string, Known>()
  let timer: NodeJS.Timeout | undefined
  let ticks = 0

  const share = (app: string): Promise<void> => {
    const known = apps.get(app)
    if (known === undefined) return Promise.resolve()
    known.sharing ??= shareOnce(store, app, known).finally(() => {
      known.sharing = undefined
    })
    return known.sharing
  }

  /** What can't be shared now is shared later: meanwhile each process goes by what it knows. */
  const tryToShare = (app: string): Promise<void> => share(app).catch(() => {})

  const tick = async () => {
    ticks += 1
    const isReadDue = ticks % Math.ceil(READ_MS / everyMs) === 0
    for (const [app, known] of apps) {
      if (!known.learned.isNew && !(isReadDue && known.isActive)) continue
      // The store is away: all others would wait for it as well.
      if (
        !(await share(app).then(
          () => true,
          () => false,
        ))
      )
        return
    }
  }

  return {
    of(app) {
      const found = apps.get(app)
      if (found !== undefined) return found.learned
      const { unfolded } = splitRoutes(patternsOf?.(app).pins ?? [])
      const learned = createLearnedRoutes(maxRoutes, unfolded)
      apps.set(app, createKnown(learned))
      timer ??= setInterval(() => void tick(), everyMs).unref()
      return learned
    },
    ready(app) {
      const known = apps.get(app)
      if (known === undefined || known.isRead) return undefined
      known.first ??= Promise.race([
        tryToShare(app),
        sleep(FIRST_MS, undefined, { ref: false }),
      ]).then(() => void (known.isRead = true))
      return known.first
    },
    noteLines(app) {
      const known = apps.get(app)
      if (known === undefined) return
      known.isActive = true
      // Not again and again while the store is away.
      if (known.learned.generation !== known.generation && known.sharing === undefined) {
        known.generation = known.learned.generation
        setImmediate(() => void tryToShare(app))
      }
    },
    share,
    async stop() {
      clearInterval(timer)
      const fresh = [...apps].filter(([, { learned }]) => learned.isNew)
      const all = Promise.all(fresh.map(([app]) => tryToShare(app)))
      await Promise.race([all, sleep(STOP_MS, undefined, { ref: false })])
    },
  }
}

function createKnown(learned: LearnedRoutes): Known {
  return {
    learned,
    isRead: false,
    isActive: false,
    generation: 0,
    writtenAt: -Infinity,
    sharing: undefined,
    first: undefined,
  }
}

/** Joins what is stored, and stores what is new. */
async function shareOnce(store: Store, app: string, known: Known): Promise<void> {
  const { learned } = known
  known.isActive = false
  for (let tries = 0; tries < TRIES; tries += 1) {
    const record = await readRouteRecord(store, app)
    joinLearned(learned, record.learned, store.clock())
    known.isRead = true
    // Lines that are counted while it is written are shared the next time.
    learned.isNew = false
    known.generation = learned.generation
    const text = recordText(learnedOf(learned))
    const isCurrent = performance.now() - known.writtenAt < RENEW_MS
    if (record.isNewer || text === '' || (text === record.text && isCurrent)) return
    try {
      if (await writeRouteRecord(store, app, record.version, text)) {
        known.writtenAt = performance.now()
        return
      }
    } catch (error) {
      learned.isNew = true
      throw error
    }
  }
  learned.isNew = true
}
