import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { routerBody } from './app.ts'
import type { Receiver } from './receiver.ts'
import { resultsOf } from './count.ts'
import { sumValue } from '../../src/model/sum.ts'
import { createWindow, mergeWindow } from '../../src/model/window.ts'
import { readWindows } from './read-windows.ts'
import { WIDTH_1M, WIDTH_10S } from '../../src/model/window-reader.ts'
import { type Store } from '../../src/store/store.ts'

/** Sends one body under an id; resolves with whether it was acknowledged. */
export type Send = (id: string, bytes: Buffer) => Promise<boolean>

export interface Drains {
  /** What was acknowledged so far. */
  readonly sent: () => { readonly frames: number; readonly lines: number }
  /** Sends what is begun to its end, and no more. */
  readonly stop: () => Promise<void>
}

const RETRY_MS = 20
const MAX_LINES = 40

/**
 * Senders, each with one body under way, that never give up: like Logplex they send a body again
 * under its id until it is acknowledged, so that in the end what was sent is what has to be counted.
 * With a pause (ms) after each body they leave room for processes that start.
 */
export function startDrains(count: number, send: Send, pauseMs = 0): Drains {
  const stopping = new AbortController()
  let frames = 0
  let lines = 0

  const drain = async () => {
    while (!stopping.signal.aborted) {
      const id = randomBytes(16).toString('hex')
      const size = 1 + Math.floor(Math.random() * MAX_LINES)
      const bytes = routerBody(size)
      while (!(await send(id, bytes))) await sleep(RETRY_MS)
      frames += 1
      lines += size
      if (pauseMs > 0) await sleep(pauseMs)
    }
  }

  const running = Promise.all(Array.from({ length: count }, drain))
  return {
    sent: () => ({ frames, lines }),
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

/** Sends to receivers of this process, to any of them each time. */
export function sendTo(app: string, receivers: readonly Receiver[]): Send {
  return async (id, bytes) => {
    const { intake } = receivers[Math.floor(Math.random() * receivers.length)]!
    try {
      await intake.take({ app, id, bytes, prefix: '', sourcePrefix: '' })
      return true
    } catch {
      return false
    }
  }
}

/** Posts to servers, to any of them each time. */
export function postTo(app: string, origins: () => readonly string[]): Send {
  return async (id, bytes) => {
    const all = origins()
    if (all.length === 0) return false
    try {
      const answer = await fetch(`${all[Math.floor(Math.random() * all.length)]}/logs?app=${app}`, {
        method: 'POST',
        headers: { 'logplex-frame-id': id, 'content-type': 'application/logplex-1' },
        body: new Uint8Array(bytes),
        signal: AbortSignal.timeout(5000),
      })
      return answer.status === 204
    } catch {
      return false
    }
  }
}

/** What a store has of an app: lines by result of its lifetime, its fine and its coarse windows, and frames. */
export async function countedBy(store: Store, app: string) {
  const lifetime = (await store.totals()).get(app) ?? createWindow()
  const widths = [WIDTH_10S, WIDTH_1M] as const
  const [fine, coarse] = await Promise.all(
    widths.map(async (width) => {
      const sum = createWindow()
      const windows = await readWindows(store, app, { width, from: 0, to: Number.MAX_SAFE_INTEGER })
      for (const { window } of windows) mergeWindow(sum, window)
      return resultsOf(sum)
    }),
  )
  const frames = Object.fromEntries(
    ['committed', 'duplicate', 'spilled', 'refused'].map((result) => {
      const cell = lifetime.cells.get(`c\0l2met/bodies\0result\0${result}`)
      return [result, cell?.kind === 'count' ? cell.high : 0]
    }),
  )
  let requests = 0
  for (const [key, cell] of lifetime.cells)
    if (cell.kind === 'count' && key.startsWith('c\0router/requests')) requests += sumValue(cell)
  return { lifetime: resultsOf(lifetime), fine, coarse, frames, requests }
}
