import { type Accumulator, measure } from '../model/accumulator.ts'
import { MAX_MAGNITUDE } from '../model/buckets.ts'
import { ascii, findText, isDigit, startsWith } from '../model/bytes.ts'
import type { Line } from '../model/line.ts'
import { parseQuantity } from '../parse/quantity.ts'
import { type AppState, seriesOf } from './app-state.ts'
import { opensString } from './convention-text.ts'

const SPACE = 32
const QUOTE = 34
const QUEUE = ascii('queue=')
const WAIT = ascii('wait=')
const RACK_TIMEOUT = ascii('source=rack-timeout ')
/** It logs a request several times; of these states another line follows. */
const EARLY_STATES = ['state=ready', 'state=active'].map(ascii)
/** The letters that they begin with. */
const IS_FIRST = new Set<number | undefined>([QUEUE[0], WAIT[0]])

/**
 * Measures how long a request waited for a process, where the app logs it: `queue=162ms`, and `wait=12ms`
 * of rack-timeout. Only with a unit of time: `queue=default` names a queue. Returns how many were taken.
 */
export function extractQueueTime(state: AppState, line: Line, acc: Accumulator): number {
  const { bytes, messageStart, messageEnd } = line
  let taken = 0
  for (let i = messageStart; i < messageEnd; i += 1) {
    if (!IS_FIRST.has(bytes[i]) || !beginsWord(bytes, messageStart, i)) continue
    const isWait = startsWith(bytes, i, messageEnd, WAIT)
    if (!isWait && !startsWith(bytes, i, messageEnd, QUEUE)) continue
    if (isWait && !isOfRackTimeout(line)) continue
    const start = i + (isWait ? WAIT.length : QUEUE.length)
    let end = start
    while (end < messageEnd && bytes[end]! > SPACE && bytes[end] !== QUOTE) end += 1
    const isCut = line.cut && end === messageEnd
    if (!isCut && isDigit(bytes[start]) && takeTime(state, bytes, start, end, acc)) taken += 1
  }
  return taken
}

function takeTime(
  state: AppState,
  bytes: Uint8Array,
  start: number,
  end: number,
  acc: Accumulator,
): boolean {
  const { quantity } = state
  if (!parseQuantity(bytes, start, end, quantity) || quantity.unit !== 's') return false
  return measureQueue(state, quantity.value, acc)
}

/** Seconds. */
export function measureQueue(state: AppState, seconds: number, acc: Accumulator): boolean {
  if (seconds < 0 || seconds > MAX_MAGNITUDE) return false
  measure(acc, seriesOf(state, 'measure', 'router/queue', 's', []), seconds)
  return true
}

function beginsWord(bytes: Uint8Array, start: number, at: number): boolean {
  if (at === start || bytes[at - 1]! <= SPACE) return true
  return bytes[at - 1] === QUOTE && opensString(bytes, start, at - 1)
}

function isOfRackTimeout({ bytes, messageStart, messageEnd }: Line): boolean {
  if (findText(bytes, RACK_TIMEOUT, messageStart, messageEnd) < 0) return false
  return EARLY_STATES.every((state) => findText(bytes, state, messageStart, messageEnd) < 0)
}
