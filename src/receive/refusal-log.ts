/**
 * Logs refusals that may be losses: of each status and app one in a while, and of all but some apps as if
 * they were one, since strangers decide how many there are.
 */
export type RefusalLog = (
  status: number,
  reason: string,
  details: { readonly path?: string; readonly app?: string | undefined },
) => void

const LOG_EVERY_MS = 60_000
/** Statuses of apps that are told apart. */
const MAX_TOLD = 20

interface Told {
  readonly since: number
  /** Refusals since then that were not told. */
  more: number
}

export function createRefusalLog(warn: (details: object, message: string) => void): RefusalLog {
  const told = new Map<string, Told>()

  const keyOf = (status: number, app: string | undefined, now: number): string => {
    const key = `${status} ${app ?? ''}`
    if (told.size < MAX_TOLD || told.has(key)) return key
    for (const [other, { since, more }] of told)
      if (more === 0 && now - since >= LOG_EVERY_MS) told.delete(other)
    return told.size < MAX_TOLD ? key : `${status}`
  }

  return (status, reason, details) => {
    const now = performance.now()
    const key = keyOf(status, details.app, now)
    const known = told.get(key)
    if (known !== undefined && now - known.since < LOG_EVERY_MS) {
      known.more += 1
      return
    }
    told.set(key, { since: now, more: 0 })
    warn({ status, reason, ...details, andBefore: known?.more ?? 0 }, 'request refused')
  }
}
