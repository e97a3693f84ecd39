import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Entry, type Totals, addEntry, createTotals } from './entry.ts'
import { type Format, type Framed, createFormat, takeBody } from './format.ts'
import { type Post, createPost } from './post.ts'

/** What was delivered, and what was not. */
export interface Delivery {
  /** Facts of the lines that were acknowledged. */
  readonly totals: Totals
  frames: number
  lines: number
  retries: number
  /** Lines given up: refused for good, tried three times, or pushed out of a full buffer. */
  droppedLines: number
  /** Why the last try failed. */
  fault: string
}

/** Sends lines as Logplex does: several nodes, each with its own buffer and one request in flight. */
export interface Logplex {
  push(entry: Entry): void
  /** Resolves when all is delivered or dropped, after `timeoutMs` at the latest. */
  finish(timeoutMs: number): Promise<Delivery>
}

interface Node {
  readonly post: Post
  readonly format: Format
  readonly buffer: Framed[]
  isSending: boolean
}

const BUFFER_LINES = 1024
const TRIES = 3
const MAX_BACKOFF_MS = 5000

export function createLogplex(url: URL, nodeCount: number): Logplex {
  const totals = createTotals()
  const delivery: Delivery = { totals, frames: 0, lines: 0, retries: 0, droppedLines: 0, fault: '' }
  const token = `d.${randomBytes(16).toString('hex')}`
  const state = { isStopped: false }
  const nodes: Node[] = Array.from({ length: nodeCount }, () => {
    return { post: createPost(url), format: createFormat(), buffer: [], isSending: false }
  })
  let turn = 0

  const empty = async (node: Node) => {
    node.isSending = true
    while (node.buffer.length > 0 && !state.isStopped) {
      const { lines, bytes } = takeBody(node.buffer)
      if (await deliver(node.post, bytes, headersOf(lines.length, token), delivery, state)) {
        delivery.frames += 1
        delivery.lines += lines.length
        for (const { entry } of lines) addEntry(delivery.totals, entry)
      } else delivery.droppedLines += lines.length
    }
    node.isSending = false
  }

  return {
    push: (entry) => {
      const node = nodes[(turn = (turn + 1) % nodeCount)]!
      if (node.buffer.length === BUFFER_LINES) {
        node.buffer.shift()
        delivery.droppedLines += 1
      }
      node.buffer.push({ entry, frame: node.format.frame(entry) })
      if (!node.isSending) void empty(node)
    },
    finish: async (timeoutMs) => {
      const end = Date.now() + timeoutMs
      while (isBusy(nodes) && Date.now() < end) await sleep(10)
      state.isStopped = true
      for (const { post, buffer } of nodes) {
        post.close()
        delivery.droppedLines += buffer.length
      }
      while (isBusy(nodes)) await sleep(10)
      return delivery
    },
  }
}

/** Without a pause, as Logplex does it, three tries are over within milliseconds. */
async function deliver(
  post: Post,
  body: Buffer,
  headers: Record<string, string>,
  delivery: Delivery,
  state: { readonly isStopped: boolean },
): Promise<boolean> {
  let tries = 0
  let refusals = 0
  for (;;) {
    const result = await post.send(body, headers)
    if (result.kind === 'delivered') return true
    delivery.fault = result.reason
    if (result.kind === 'permanent') return false
    if (result.kind === 'temporary') {
      tries += 1
      if (tries === TRIES) return false
      delivery.retries += 1
    } else {
      refusals += 1
      await sleep(Math.min(10 * 2 ** refusals, MAX_BACKOFF_MS))
    }
    if (state.isStopped) return false
  }
}

function isBusy(nodes: readonly Node[]): boolean {
  return nodes.some((node) => node.isSending)
}

function headersOf(messages: number, token: string): Record<string, string> {
  return {
    'Content-Type': 'application/logplex-1',
    'Logplex-Msg-Count': String(messages),
    'Logplex-Frame-Id': randomBytes(16).toString('hex').toUpperCase(),
    'Logplex-Drain-Token': token,
    'User-Agent': 'Logplex/v73',
  }
}
