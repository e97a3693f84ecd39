import type { Redis } from 'ioredis'
import { type RedisClient, mastersOf } from './client.ts'

/** The time of Redis, which all receivers go by, reckoned from this machine's steady clock. */
export interface RedisClock {
  /** ms since 1970; this machine's time until it was first measured. */
  readonly now: () => number
  readonly isMeasured: () => boolean
  /** Time of Redis minus time of this machine, s; 0 until it was measured. */
  readonly hostOffset: () => number
  measure(): Promise<void>
}

/** One answer to TIME, by performance.now(), ms. */
interface TimeSample {
  readonly roundTrip: number
  readonly offset: number
}

/** Of the last samples the one with the shortest round trip counts: its error is at most half of that. */
const SAMPLES = 8
/** A clock that is further off than a sample's error, ms, was set: older samples are of no use. */
const SET_MS = 50

export function createRedisClock(client: RedisClient): RedisClock {
  let samples: TimeSample[] = []
  let best: TimeSample | undefined
  const now = () => performance.now() + (best?.offset ?? performance.timeOrigin)

  return {
    now: () => Math.floor(now()),
    isMeasured: () => best !== undefined,
    hostOffset: () => (best === undefined ? 0 : (now() - Date.now()) / 1000),
    measure: async () => {
      const sample = await sampleTime(client)
      // A replica that took over, or an operator, may have set another time.
      const isKnown = (other: TimeSample) =>
        Math.abs(other.offset - sample.offset) <= (other.roundTrip + sample.roundTrip) / 2 + SET_MS
      samples = [sample, ...samples.filter(isKnown)].slice(0, SAMPLES)
      best = samples.reduce((a, b) => (b.roundTrip < a.roundTrip ? b : a))
    },
  }
}

/** Asks the first master by name that answers, so that receivers of a Cluster ask the same one. */
async function sampleTime(client: RedisClient): Promise<TimeSample> {
  let fault: unknown = new Error('no Redis master is known')
  for (const master of mastersOf(client).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))) {
    try {
      const before = performance.now()
      const [seconds, micros] = await master.time()
      const after = performance.now()
      const time = Number(seconds) * 1000 + Number(micros) / 1000
      return { roundTrip: after - before, offset: time - (before + after) / 2 }
    } catch (error) {
      fault = error
    }
  }
  throw fault
}

function nameOf({ options }: Redis): string {
  return `${options.host}:${options.port}`
}

/** How full the memory of Redis is, bytes. */
export interface RedisMemory {
  readonly used: number
  /** 0 where there is none. */
  readonly limit: number
}

/** Of a Cluster the master that is fullest. */
export interface MemoryState {
  readonly memory: RedisMemory
  /** Why it can't keep what it is given; undefined when it can. */
  readonly unfit: string | undefined
}

/** Rejects when no master answers: that one of several doesn't is no concern of the others. */
export async function readMemoryState(client: RedisClient): Promise<MemoryState> {
  const answers = await Promise.allSettled(
    mastersOf(client).map(async (master) => master.info('memory')),
  )
  const infos = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
  const [first] = answers
  if (first?.status === 'rejected' && infos.length === 0) throw first.reason
  const states = infos.map(memoryState).toSorted((a, b) => shareOf(b) - shareOf(a))
  const [fullest = NOTHING_KNOWN] = states
  return { ...fullest, unfit: states.find(({ unfit }) => unfit !== undefined)?.unfit }
}

const NOTHING_KNOWN: MemoryState = { memory: { used: 0, limit: 0 }, unfit: undefined }

function shareOf({ memory: { used, limit } }: MemoryState): number {
  return limit === 0 ? 0 : used / limit
}

function memoryState(info: string): MemoryState {
  const policy = field(info, 'maxmemory_policy')
  const limit = Number(field(info, 'maxmemory') ?? 0)
  const evicts = limit > 0 && policy !== undefined && policy !== 'noeviction'
  return {
    memory: { used: Number(field(info, 'used_memory') ?? 0), limit },
    unfit: evicts
      ? `Redis evicts keys when its memory is full (maxmemory-policy ${policy}), which would falsify the metrics; ` +
        'set it to noeviction (Heroku: heroku redis:maxmemory --policy noeviction)'
      : undefined,
  }
}

const WARN_SHARE = 0.8
const CALM_SHARE = 0.7

/** Warns when the memory of Redis fills, once until there is room again. */
export function createMemoryWarning(warn: (details: object, text: string) => void) {
  let isWarned = false
  return ({ used, limit }: RedisMemory): void => {
    const share = limit === 0 ? 0 : used / limit
    if (share < CALM_SHARE) isWarned = false
    if (share < WARN_SHARE || isWarned) return
    isWarned = true
    warn(
      { used, limit },
      'Redis is more than 80 % full. When it is full, lines are held and then refused: take a larger plan, ' +
        'or lower RETENTION_HOURS or MAX_SERIES_PER_APP',
    )
  }
}

function field(info: string, name: string): string | undefined {
  const line = info.split(/\r?\n/).find((line) => line.startsWith(`${name}:`))
  return line?.slice(name.length + 1)
}
