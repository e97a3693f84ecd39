import { type AppWindows, createAppWindows } from '../aggregate/app-windows.ts'
import { type ExtractOptions, isFull } from '../extract/app-state.ts'
import type { LearnedRoutes } from '../extract/learned/learned-routes.ts'
import { parseTags } from '../receive/drain-tags.ts'
import type { DrainSource } from '../receive/drain.ts'

export interface SourceOptions extends ExtractOptions {
  /** What the operator says of an app's routes. */
  readonly patternsOf?: ((app: string) => Pick<ExtractOptions, 'pins' | 'streams'>) | undefined
  /** What is known of an app's routes. */
  readonly learnedOf?: ((app: string) => LearnedRoutes) | undefined
}

/** Which windows bodies are counted into, by where they come from. */
export interface SourceWindows {
  /**
   * Those of a source at a time, ms since 1970. What a process knows of an app only grows, so it begins
   * anew when it is full: then what is gone takes no room any more. What is full of what is there gets
   * full again.
   */
  readonly of: (source: DrainSource, now: number) => AppWindows
  /** Those of all that come from more sources than are told apart. */
  readonly overflow: AppWindows
}

/** More apps than this in one process are a fault or an attack. */
const MAX_APPS = 5000
/** The same of prefixes of one app, which are its drains' to choose: they must not take the room of other apps. */
const MAX_PREFIXES = 64

interface Known {
  readonly windows: AppWindows
  /** ms since 1970. */
  readonly since: number
}

/** To learn an app anew takes some time: not more often, ms. */
const RENEW_MS = 60_000

function isDue({ windows, since }: Known, now: number): boolean {
  return isFull(windows.state) && Math.abs(now - since) >= RENEW_MS
}

export function createSourceWindows(options: SourceOptions): SourceWindows {
  /** By app, then by prefixes. */
  const apps = new Map<string, Map<string, Known>>()
  const overflow = createAppWindows(options)

  return {
    of: ({ app, prefix, sourcePrefix, tags = '' }, now) => {
      let known = apps.get(app)
      if (known === undefined) {
        if (apps.size === MAX_APPS) return overflow
        apps.set(app, (known = new Map()))
      }
      const key = `${prefix}\0${sourcePrefix}\0${tags}`
      const found = known.get(key)
      if (found === undefined && known.size === MAX_PREFIXES) return overflow
      if (found !== undefined && !isDue(found, now)) return found.windows
      const windows = createAppWindows({
        ...options,
        ...options.patternsOf?.(app),
        learned: options.learnedOf?.(app),
        prefix,
        sourcePrefix,
        tags: parseTags(tags) ?? [],
      })
      known.set(key, { windows, since: now })
      return windows
    },
    overflow,
  }
}
