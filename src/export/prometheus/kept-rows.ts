import { type AppRows, createAppRows } from './app-rows.ts'

/** The rows of all apps, from scrape to scrape. */
export interface KeptRows {
  /** Those of apps, new ones for an app that has none. */
  of(apps: readonly string[]): AppRows[]
  /** Keeps these and forgets all others. */
  keep(rows: readonly AppRows[]): void
}

/** So many series; those of the apps that find no room are made for each scrape. Some 12 MB. */
const MAX_ROWS = 50_000

export function createKeptRows(maxRows = MAX_ROWS): KeptRows {
  let kept = new Map<string, AppRows>()
  return {
    of: (apps) => apps.map((app) => kept.get(app) ?? createAppRows(app)),
    keep: (rows) => {
      kept = new Map()
      let room = maxRows
      for (const one of rows) {
        const count = one.keys.length
        if (count > room) continue
        kept.set(one.app, one)
        room -= count
      }
    },
  }
}
