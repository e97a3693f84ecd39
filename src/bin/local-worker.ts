import { parentPort, workerData } from 'node:worker_threads'
import { toWindow } from '../model/accumulator.ts'
import { createLocalCounter } from '../cli/count.ts'
import { countParts } from '../cli/parts.ts'
import { type Steps, createSteps } from '../cli/steps.ts'
import type { PartCount, PartTask } from '../cli/threads.ts'
import { createTimeline } from '../cli/timeline.ts'

// A thread of l2met-local: counts parts of a file and gives the window to the main thread.
const { file, options } = workerData as PartTask
const { slowMillis, top, by, whereTexts, pins, streams, stepMs } = options
const stop = new AbortController()
parentPort!.on('message', () => stop.abort())

const timeline = createTimeline(stepMs)
let steps: Steps | undefined
const counter = createLocalCounter(
  {
    slowMillis,
    maxSlow: top,
    by,
    pins,
    streams,
    timeline,
    isWhole: true,
    ...(await filterOf(whereTexts)),
  },
  ({ table }, takeStep) => (steps = createSteps(table, timeline, takeStep)).at,
)
const tell = (read: number) => parentPort!.postMessage({ read })
const fault = await countParts(file, counter, stop.signal, tell)
const { acc, requests } = steps!.total()
const lines = counter.lines()
const routes = counter.routes.learned()
const counted: PartCount = { window: toWindow(acc), requests, timeline, routes, lines, fault }
parentPort!.postMessage(counted)

async function filterOf(texts: readonly string[]) {
  if (texts.length === 0) return {}
  const { allOf, parseWhere } = await import('../cli/where.ts')
  return allOf(texts.map(parseWhere))
}
