/** Tells of the times in which Redis can't be used: once for each reason, and once when they are over. */
export interface OutageLog {
  noteFault(error: unknown): void
  noteGood(): void
}

/** `urls` are those of the nodes; what they hold of credentials isn't told. */
export function createOutageLog(
  urls: readonly string[],
  warn: (details: object, text: string) => void,
): OutageLog {
  const nodes = urls.map((url) => new URL(url).host)
  const told = new Set<string>()
  let since = 0

  return {
    noteFault: (error) => {
      const reason = reasonOf(error)
      if (told.has(reason)) return
      if (told.size === 0) since = performance.now()
      told.add(reason)
      warn({ redis: nodes, reason }, "Redis can't be used; it is tried again all the time")
    },
    noteGood: () => {
      if (told.size === 0) return
      told.clear()
      const seconds = Math.round((performance.now() - since) / 1000)
      warn({ redis: nodes, seconds }, 'Redis can be used again')
    },
  }
}

/** Of a Cluster that can't be reached, what its last node said. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { lastNodeError } = error as { readonly lastNodeError?: unknown }
  return lastNodeError instanceof Error ? lastNodeError.message : error.message
}
