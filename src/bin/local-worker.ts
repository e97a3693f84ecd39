import { parentPort, workerData } from 'node:worker_threads'
import type { Interval } from '../aggregate/intervals.ts'
import { toWindow } from '../model/accumulator.ts'
import { createLocalCounter, wholeInterval } from '../cli/count.ts'
import { countParts } from '../cli/parts.ts'
import type { PartCount, PartTask } from '../cli/threads.ts'

// A thread of l2met-local: counts parts of a file and gives the window to the main thread.
const { file, options } = workerData as PartTask
const { slowMillis, top, by, whereTexts } = options
const stop = new AbortController()
parentPort!.on('message', () => stop.abort())

const where = whereTexts.length === 0 ? undefined : await whereOf(whereTexts)
let interval: Interval | undefined
const counter = createLocalCounter({ slowMillis, maxSlow: top, by, where }, (windows) => {
  const whole = wholeInterval(windows.state.table)
  interval = whole
  return () => whole
})
const tell = (read: number) => parentPort!.postMessage({ read })
const fault = await countParts(file, counter, stop.signal, tell)
const { acc, requests } = interval!
const counted: PartCount = { window: toWindow(acc), requests, fault }
parentPort!.postMessage(counted)

async function whereOf(texts: readonly string[]) {
  const { allOf, parseWhere } = await import('../cli/where.ts')
  return allOf(texts.map(parseWhere))
}
