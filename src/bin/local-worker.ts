import { parentPort, workerData } from 'node:worker_threads'
import { toWindow } from '../model/accumulator.ts'
import { readPart } from '../receive/file-part.ts'
import { parseLocalArgs } from './local-args.ts'
import { type Target, createLocalCounter, wholeTarget } from './local-count.ts'
import type { PartCount, PartTask } from './local-parts.ts'
import { countOptions } from './local-report.ts'

// A thread of l2met-local: counts one part of a file and gives the window to the main thread.
const { args, path, part } = workerData as PartTask
const stop = new AbortController()
parentPort!.on('message', () => stop.abort())

let target: Target | undefined
const counter = createLocalCounter(countOptions(parseLocalArgs(args)), (windows) => {
  const whole = wholeTarget(windows.state.table)
  target = whole
  return () => whole
})
const lines = await counter.openLines(false)
const sink = {
  onChunk: (chunk: Buffer) => lines.write(chunk),
  onRead: (read: number) => parentPort!.postMessage({ read }),
}
await readPart(path, part, sink, stop.signal)
// What Ctrl-C cut off is no line.
if (!stop.signal.aborted) await lines.end()
counter.flush()
const counted: PartCount = { window: toWindow(target!.acc), requests: target!.requests }
parentPort!.postMessage(counted)
