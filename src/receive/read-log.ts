import type { FastifyBaseLogger } from 'fastify'
import { RequestError } from './request-error.ts'

/** Tells that the store can't be read; `text` says what that means. */
export type ReadLog = (error: unknown, text: string) => void

/** The same is told again after so long, ms. */
const TELL_EVERY_MS = 600_000
/** Reasons that are told apart. */
const MAX_TOLD = 20

/** One calm line for each reason, not one for each reader: those come all the time. */
export function createReadLog(options: {
  readonly log: Pick<FastifyBaseLogger, 'warn' | 'error'>
  /** Whether the store itself knows that it is away, and has said why. */
  readonly isStoreAway: () => boolean
}): ReadLog {
  const { log, isStoreAway } = options
  const told = new Map<string, number>()

  return (error, text) => {
    const now = performance.now()
    const reason = isStoreAway() ? undefined : String(error)
    // Numbers in a reason make no other one.
    const key = `${text} ${reason?.replaceAll(/\d+/g, '0')}`
    if (now - (told.get(key) ?? -Infinity) < TELL_EVERY_MS) return
    if (told.size >= MAX_TOLD) told.clear()
    told.set(key, now)
    if (isBug(error)) log.error({ err: error }, text)
    else log.warn(reason === undefined ? {} : { reason }, text)
  }
}

/** What a reader of the store is told of an error: a bug and what the reader did wrong stay what they are. */
export function toReadFault(error: unknown): unknown {
  if (isBug(error) || (error instanceof Error && 'statusCode' in error)) return error
  return new RequestError(503, "the store can't be read now; /readyz says why")
}

/** What the language throws is ours; what libraries throw, they do because Redis is away or slow. */
function isBug(error: unknown): boolean {
  return [TypeError, RangeError, ReferenceError, SyntaxError].some((type) => error instanceof type)
}
