/** Logs refusals that may be losses: of each status one in a while, since strangers decide how many there are. */
export type RefusalLog = (
  status: number,
  reason: string,
  details: { readonly path?: string; readonly app?: string | undefined },
) => void

const LOG_EVERY_MS = 60_000

export function createRefusalLog(warn: (details: object, message: string) => void): RefusalLog {
  const told = new Map<number, { readonly since: number; more: number }>()
  return (status, reason, details) => {
    const now = performance.now()
    const known = told.get(status)
    if (known !== undefined && now - known.since < LOG_EVERY_MS) {
      known.more += 1
      return
    }
    told.set(status, { since: now, more: 0 })
    warn({ status, reason, ...details, andBefore: known?.more ?? 0 }, 'request refused')
  }
}
