import { type AppWindows, createAppWindows } from '../aggregate/app-windows.ts'
import type { ExtractOptions } from '../extract/app-state.ts'
import type { DrainSource } from '../receive/drain.ts'

/** Which windows bodies are counted into, by where they come from. */
export interface SourceWindows {
  readonly of: (source: DrainSource) => AppWindows
  /** Those of all that come from more sources than are told apart. */
  readonly overflow: AppWindows
}

/** More apps than this in one process are a fault or an attack. */
const MAX_APPS = 5000
/** The same of prefixes of one app, which are its drains' to choose: they must not take the room of other apps. */
const MAX_PREFIXES = 64

export function createSourceWindows(options: ExtractOptions): SourceWindows {
  /** By app, then by prefixes. */
  const apps = new Map<string, Map<string, AppWindows>>()
  const overflow = createAppWindows(options)

  return {
    of: ({ app, prefix, sourcePrefix }) => {
      let known = apps.get(app)
      if (known === undefined) {
        if (apps.size === MAX_APPS) return overflow
        apps.set(app, (known = new Map()))
      }
      const key = `${prefix}\0${sourcePrefix}`
      let windows = known.get(key)
      if (windows === undefined) {
        if (known.size === MAX_PREFIXES) return overflow
        known.set(key, (windows = createAppWindows({ ...options, prefix, sourcePrefix })))
      }
      return windows
    },
    overflow,
  }
}
