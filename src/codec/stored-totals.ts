import { type Window, createWindow } from '../model/window.ts'
import { readAppendLog } from './append-log.ts'
import { createMerge, mergePacked } from './window.ts'

/**
 * The cumulative totals of an app: those that were compacted, and the append log, either of which may be
 * empty. Throws PackedError.
 */
export function readTotals(compacted: Uint8Array, log: Buffer, maxSeries: number): Window {
  const window = createWindow()
  // It had its limit when it was packed: its overflow series come on top of as many as there may be.
  mergePacked(window, compacted, { lifetime: true })
  const merge = createMerge(window, { lifetime: true, maxSeries })
  for (const { packed } of readAppendLog(log).entries) merge(packed)
  return window
}
