import type { FastifyBaseLogger } from 'fastify'

/** Tells that the store can't be read, once for each reason until it can. */
export interface ReadLog {
  noteFault(error: unknown, text: string): void
  noteGood(): void
}

/** Reasons that are not told apart beyond this many. */
const MAX_TOLD = 20

export function createReadLog(options: {
  readonly log: Pick<FastifyBaseLogger, 'warn' | 'error'>
  /** Whether the store itself knows that it is away, and has said why. */
  readonly isStoreAway: () => boolean
}): ReadLog {
  const { log, isStoreAway } = options
  const told = new Set<string>()

  return {
    noteFault: (error, text) => {
      const isAway = isStoreAway()
      const reason = isAway ? text : `${text}\0${String(error)}`
      if (told.has(reason) || told.size >= MAX_TOLD) return
      told.add(reason)
      if (isAway) log.warn(text)
      // Something else is wrong, and where is of use.
      else log.error({ err: error }, text)
    },
    noteGood: () => told.clear(),
  }
}
