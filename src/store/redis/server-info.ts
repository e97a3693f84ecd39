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

/**
 * Why a Redis can't keep what it is given; undefined when it can. Rejects when no master answers: that one
 * of several doesn't is no concern of the others.
 */
export async function checkEvictionPolicy(client: RedisClient): Promise<string | undefined> {
  const answers = await Promise.allSettled(
    mastersOf(client).map(async (master) => master.info('memory')),
  )
  const [first] = answers
  if (first?.status === 'rejected' && answers.every(({ status }) => status === 'rejected'))
    throw first.reason
  for (const answer of answers) {
    if (answer.status === 'rejected') continue
    const info = answer.value
    const policy = field(info, 'maxmemory_policy')
    const limit = Number(field(info, 'maxmemory') ?? 0)
    if (limit > 0 && policy !== undefined && policy !== 'noeviction') {
      return (
        `Redis evicts keys when its memory is full (maxmemory-policy ${policy}), which would falsify the metrics; ` +
        'set it to noeviction (Heroku: heroku redis:maxmemory --policy noeviction)'
      )
    }
  }
  return undefined
}

function field(info: string, name: string): string | undefined {
  const line = info.split(/\r?\n/).find((line) => line.startsWith(`${name}:`))
  return line?.slice(name.length + 1)
}
