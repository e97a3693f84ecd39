/**
 * Tells of the times in which Redis can't be used: when they have lasted, once for each reason, and
 * once when they are over.
 */
export interface OutageLog {
  /** `app` is whose commit failed; without one it was the connection. */
  noteFault(error: unknown, app?: string): void
  noteGood(app?: string): void
  /**
   * Why Redis can't be used, when that has lasted; undefined when it can, if only by some apps: one node
   * of a Cluster may be away, or one key be of no use.
   */
  reason(): string | undefined
}

/** What is over sooner isn't told, ms: senders have only waited. */
const LASTING_MS = 1000
/** An app that fails no more has nothing to commit any more, ms. */
const FORGET_MS = 10_000
/** Of one outage. */
const MAX_REASONS = 8
const CONNECTION = ''
/** Says only that there is no connection, not why. */
const BARE =
  /^Connection is closed|^Stream isn't writeable|^Reached the max retries|^MOVED .* again$/

/** Of a Cluster, what is wrong with more than the node that said it. */
const WHOLE = /^(OOM|READONLY|NOPERM|MISCONF) |cluster support disabled/

/** `urls` are those of the nodes; what they hold of credentials isn't told. */
export function createOutageLog(
  urls: readonly string[],
  warn: (details: object, text: string) => void,
): OutageLog {
  const isCluster = urls.length > 1
  const nodes = urls.map((url) => new URL(url).host)
  /** What fails, and when it did so last. */
  const failing = new Map<string, number>()
  /** Reasons, whatever numbers they hold. */
  const told = new Set<string>()
  let since = 0
  /** When a commit last succeeded, by performance.now(). */
  let goodAt = -Infinity
  let last = ''
  let timer: NodeJS.Timeout | undefined

  const tell = () => {
    const kind = last.replaceAll(/\d+/g, '0')
    if (told.has(kind) || told.size >= MAX_REASONS) return
    told.add(kind)
    const advice = adviceFor(last)
    const details = { redis: nodes, reason: last, ...(advice === undefined ? {} : { advice }) }
    warn(details, "Redis can't be used; it is tried again all the time")
  }

  return {
    noteFault: (error, app = CONNECTION) => {
      const now = performance.now()
      const reason = reasonOf(error)
      const isFirst = failing.size === 0
      if (isFirst) since = now
      failing.set(app, now)
      if (isFirst || !BARE.test(reason)) last = reason
      if (told.size > 0) tell()
      else timer ??= setTimeout(tell, LASTING_MS).unref()
    },
    noteGood: (app = CONNECTION) => {
      if (app !== CONNECTION) goodAt = performance.now()
      if (failing.size === 0) return
      const now = performance.now()
      failing.delete(app)
      for (const [other, at] of failing) {
        if (other !== CONNECTION && now - at > FORGET_MS) failing.delete(other)
      }
      if (failing.size > 0) return
      clearTimeout(timer)
      timer = undefined
      if (told.size === 0) return
      told.clear()
      const seconds = Math.round((now - since) / 1000)
      warn({ redis: nodes, seconds }, 'Redis can be used again')
    },
    reason: () => {
      const now = performance.now()
      if (failing.size === 0 || now - since < LASTING_MS) return undefined
      if (failing.has(CONNECTION)) return last
      const isPartly = now - goodAt < LASTING_MS || (isCluster && !WHOLE.test(last))
      return isPartly ? undefined : last
    },
  }
}

/** Of a Cluster, what its last node said; of a script, not which it was. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { lastNodeError } = error as { readonly lastNodeError?: unknown }
  const { message } = lastNodeError instanceof Error ? lastNodeError : error
  return message
    .replace(/\.? script: [0-9a-f]{40}.*$/, '')
    .replace(/^Too many Cluster redirections\. Last error: \w*Error: (.*)$/, (_all, last: string) =>
      last.startsWith('MOVED ') ? `${last} and again` : last,
    )
}

/** What to do about what Redis says in its own words only. */
function adviceFor(reason: string): string | undefined {
  return ADVICE.find(([sign]) => sign.test(reason))?.[1]
}

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /^MOVED \S+ \S+$/,
    'this is a node of a Redis Cluster: name several nodes in REDIS_URL, with commas between',
  ],
  [/cluster support disabled/, 'this is no Redis Cluster: name one server in REDIS_URL'],
  [/^READONLY /, 'this is a replica, which takes no writes: name its master in REDIS_URL'],
  [/^OOM /, 'the memory of Redis is full: give it more, or keep less with RETENTION_HOURS'],
  [
    /^MISCONF /,
    'Redis takes no writes because it could not save its data: look at its log and its disk',
  ],
  [/^NOPERM /, 'the user in REDIS_URL needs more rights: docs/DELIVERY.md says which'],
]
