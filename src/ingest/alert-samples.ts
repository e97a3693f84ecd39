import { type OpenWindow, createAppWindows, openWindow } from '../aggregate/app-windows.ts'
import { sample } from '../model/accumulator.ts'
import { internNamed, nameSeries } from '../model/series-table.ts'
import type { Committer } from './committer.ts'
import { windowStart } from './deferred-counts.ts'

/** Keeps in the store whether an alert of an app is active, so that each replica exposes the same. */
export type SetAlertActive = (app: string, alert: string, isActive: boolean) => Promise<void>

export function createAlertSamples(options: {
  readonly committer: Committer
  readonly clock: () => number
  readonly maxSeries: number
  readonly maxRoutes: number
}): SetAlertActive {
  const { committer, clock } = options
  const windows = createAppWindows(options)
  return async (app, alert, isActive) => {
    const now = clock()
    const labels = [['alert', alert]] as const
    const series = nameSeries({ kind: 'sample', name: 'l2met/alert_active', unit: '', labels })
    const count = (open: OpenWindow[]) => {
      const acc = openWindow(open, windows, windowStart(now))
      sample(acc, internNamed(acc.table, series), isActive ? 1 : 0, now)
    }
    await committer.add(app, { id: undefined, size: 0, count, onLateDuplicate: () => {} })
  }
}
