import { randomBytes } from 'node:crypto'
import { createOutageLog } from './outage-log.ts'
import { createPacker } from '../../codec/packer.ts'
import { type Batch, commitArguments, keyTypes, packBatch } from './batch.ts'
import { createRedisClient } from './client.ts'
import {
  type RedisMemory,
  createMemoryWarning,
  createRedisClock,
  readMemoryState,
} from './server-info.ts'
import { type CommitReply, defineCommands } from './commands.ts'
import { createCompactor } from '../keyed/compactor.ts'
import { recordKey } from '../keyed/keys.ts'
import { createKeyedReader } from '../keyed/reader.ts'
import { createRoller } from '../keyed/roller.ts'
import { createValueFaults } from '../keyed/value-faults.ts'
import { openStoredValue, sealStoredValue } from '../keyed/stored-record.ts'
import { appPrefix, counterKey } from './keys.ts'
import { createTotalsReader } from './totals.ts'
import { createQuarantine, isWrongType } from './quarantine.ts'
import { createRegistry } from './registry.ts'
import { createReplay } from './replay.ts'
import { type CommitBody, type Store, UnsafeStoreError } from '../store.ts'

/** Windows in one Redis or in a Redis Cluster, shared by any number of receivers. */
export interface RedisStore extends Store {
  /** Resolves when Redis has been reached for the first time, or found unfit. */
  readonly ready: Promise<void>
  /** Why the store can't be used now; undefined when it can. */
  readonly fault: () => string | undefined
  /** Time of Redis minus time of this machine, s. */
  readonly clockOffset: () => number
  /** How full it is; undefined until it was reached. */
  readonly memory: () => RedisMemory | undefined
}

const AWAY = "Redis can't be reached"
const CLOCK_MS = 10_000
const CHECK_MS = 2500
/** After it could not be reached, ms. */
const LOOK_AGAIN_MS = 1000
/** Prefixes of keys that are kept, because they take a hash. */
const MAX_PREFIXES = 10_000

export function createRedisStore(options: {
  /** One Redis, or nodes of a Redis Cluster. */
  readonly urls: readonly string[]
  readonly retentionMs: number
  readonly maxSeries: number
  /** Whether certificates that nobody else signed are accepted from Redis, as on Heroku. */
  readonly trustSelfSigned: boolean
  /** Append logs are compacted after this long, ms; compactor.ts has the default. */
  readonly foldMs?: number
  readonly warn: (details: object, text: string) => void
}): RedisStore {
  const { warn } = options
  const processName = randomBytes(6).toString('base64url')
  const client = createRedisClient(options)
  const values = defineCommands(client)
  const faults = createValueFaults(warn)
  const clock = createRedisClock(client)
  const packer = createPacker()
  const shared = { ...options, values, faults, packer, now: clock.now }
  const compactor = createCompactor(shared)
  const roller = createRoller({ ...shared, compact: compactor.compact })
  const outages = createOutageLog(options.urls, warn)
  const quarantine = createQuarantine(client, warn)
  const registry = createRegistry(client, clock.now, quarantine)
  const prefixes = new Map<string, string>()
  const warnOfMemory = createMemoryWarning(warn)
  let memory: RedisMemory | undefined
  let unfit: string | undefined
  let isReached = false

  const send = async (batch: Batch): Promise<CommitReply> => {
    const { app } = batch
    const count = replay.expect(app)
    const { keys, args } = commitArguments(batch, processName, clock.now(), count.least)
    const commitOnce = async () => values.commit(keys, args)
    const isCleared = async (error: unknown) =>
      isWrongType(error) && quarantine.clear(keys, keyTypes(keys.length))
    const again = async (error: unknown) => {
      if (await isCleared(error)) return commitOnce()
      throw error
    }
    const reply = await commitOnce()
      .catch(again)
      .catch((error: unknown) => {
        // Without a connection the command says only that there is none.
        if (client.status === 'ready') outages.noteFault(error, app)
        throw error
      })
    outages.noteGood(app)
    const isWritten = reply.known.length === 0
    count.note(reply.counter, isWritten ? batch : undefined)
    compactor.note(batch.prefix, reply.log, isWritten ? batch.packed.length : 0)
    if (isWritten) roller.noteBatch(batch)
    return reply
  }

  const prefixOf = (app: string): string => {
    let prefix = prefixes.get(app)
    if (prefix === undefined) {
      if (prefixes.size >= MAX_PREFIXES) prefixes.clear()
      prefixes.set(app, (prefix = appPrefix(app)))
    }
    return prefix
  }

  const readCounter = async (app: string): Promise<number> =>
    Number((await client.get(counterKey(prefixOf(app), processName))) ?? 0)

  const replay = createReplay({
    now: clock.now,
    send,
    readCounter,
    // The registry may have been lost as well: without it, what is brought back is not read.
    onLoss: registry.renew,
    warn,
  })

  const commit = async (app: string, frames: readonly CommitBody[]): Promise<readonly number[]> => {
    checkFitness()
    // By another clock than the others' it would look for its ids in other sets.
    if (!clock.isMeasured()) throw new Error('the time of Redis is not known yet')
    const prefix = prefixOf(app)
    const batch = packBatch(app, prefix, frames, packer)
    const [{ known }] = await Promise.all([send(batch), registry.note(app)])
    return known.map((i) => batch.frames[i]!)
  }

  const checkFitness = () => {
    if (unfit !== undefined) throw new UnsafeStoreError(unfit)
  }

  const onLog = (prefix: string, log: Buffer) =>
    compactor.note(prefix, { length: log.length, head: log }, 0)

  const readWindows = createKeyedReader({
    ...shared,
    onLog,
    onHour: (prefix, hour, isRolled, windows) => roller.found(prefix, hour, isRolled, windows),
  })

  const readTotals = createTotalsReader({
    ...options,
    faults,
    client,
    now: clock.now,
    registry,
    prefixOf,
    processName,
    replay,
    onLog,
  })

  const fault = (): string | undefined => {
    if (unfit !== undefined) return unfit
    const reason = outages.reason()
    if (!isReached || client.status !== 'ready')
      return reason === undefined ? AWAY : `${AWAY}: ${reason}`
    // It answers, but commits fail.
    return reason === undefined ? undefined : `Redis can't be used: ${reason}`
  }

  let tellReady: (() => void) | undefined
  const ready = new Promise<void>((resolve) => (tellReady = resolve))

  let again: NodeJS.Timeout | undefined
  const look = async () => {
    try {
      await clock.measure()
      const was = unfit
      const state = await readMemoryState(client)
      memory = state.memory
      warnOfMemory(memory)
      unfit = state.unfit
      if (unfit !== undefined && unfit !== was) warn({}, unfit)
      isReached = true
      outages.noteGood()
      registry.retry()
      tellReady?.()
    } catch (error) {
      isReached = false
      // Without a connection the command says only that there is none.
      if (client.status === 'ready') outages.noteFault(error)
      again ??= setTimeout(() => {
        again = undefined
        void look()
      }, LOOK_AGAIN_MS).unref()
    }
  }

  const check = async () => {
    try {
      await replay.check()
    } catch {
      // Redis is away: look() says so, and what is kept stays kept.
    }
  }

  // These events alone say why there is no connection.
  client.on('error', (error) => outages.noteFault(error))
  client.on('ready', () => void look())
  const timers = [
    setInterval(() => void look(), CLOCK_MS),
    setInterval(() => void check(), CHECK_MS),
  ]
  for (const timer of timers) timer.unref()

  return {
    commit,
    read: async (app, range, readers) => readWindows(prefixOf(app), range, readers),
    totals: async () => {
      checkFitness()
      return readTotals()
    },
    record: async (app, key, expectedVersion, value, ttlMs) => {
      checkFitness()
      const name = recordKey(prefixOf(app), key)
      const packed = sealStoredValue(value)
      const reply = await values.record(name, expectedVersion, packed, ttlMs)
      return { ...reply, value: openStoredValue(name, reply.value, faults) }
    },
    clock: clock.now,
    ready,
    fault,
    clockOffset: clock.hostOffset,
    memory: () => memory,
    close: async () => {
      for (const timer of timers) clearInterval(timer)
      clearTimeout(again)
      await Promise.all([compactor.close(), roller.close()])
      client.disconnect()
    },
  }
}
