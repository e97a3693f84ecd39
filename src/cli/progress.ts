import { cut, printable } from './render/printable.ts'
import { percentText, sizeText, spanText } from './render/units.ts'
import { nameOf } from '../input/files.ts'

/** Tells on stderr how far a long run is, on one line that is erased in the end. */
export interface Progress {
  startInput(path: string): void
  add(bytes: number): void
  /** Erases the line; what is written next starts at its beginning. */
  clear(): void
}

const FIRST_MS = 400
const EVERY_MS = 100
const TAIL_MS = 1000
/** The rate of the first moments says nothing about the rest. */
const STEADY_S = 2
const ERASE = '\r\u001b[K'

/** For a terminal; `total` is the size of all inputs in bytes. */
export function createProgress(
  total: number,
  columns: number,
  write: (text: string) => void,
): Progress {
  const started = Date.now()
  let next = started + FIRST_MS
  let done = 0
  let name = ''
  let shown = false
  return {
    startInput(path) {
      name = printable(nameOf(path))
    },
    add(bytes) {
      done += bytes
      const now = Date.now()
      if (now < next) return
      next = now + EVERY_MS
      shown = true
      write(ERASE + cut(progressText(name, done, total, (now - started) / 1000), columns - 1))
    },
    clear() {
      if (shown) write(ERASE)
      shown = false
    },
  }
}

/**
 * For a pipe, whose end nobody knows: who watches nothing happen is told how it ends. `write` is to a
 * terminal, on which Ctrl-C can be typed.
 */
export function createTailProgress(columns: number, write: (text: string) => void): Progress {
  let read = 0
  let shown = false
  const show = (): void => {
    shown = true
    write(ERASE + cut(`${sizeText(read)} read; Ctrl-C ends it with the report`, columns - 1))
  }
  const timer = setInterval(show, TAIL_MS)
  timer.unref()
  return {
    startInput() {},
    add(bytes) {
      read += bytes
    },
    clear() {
      clearInterval(timer)
      if (shown) write(ERASE)
      shown = false
    },
  }
}

export const NO_PROGRESS: Progress = { startInput() {}, add() {}, clear() {} }

function progressText(name: string, done: number, total: number, seconds: number): string {
  const rate = done / seconds
  const parts = [sizeText(done), `${sizeText(rate)}/s`]
  if (total > done) parts[0] = `${percentText(done / total)} of ${sizeText(total)}`
  if (total > done && seconds >= STEADY_S) {
    parts.push(`${spanText(Math.ceil((total - done) / rate))} left`)
  }
  return `${parts.join('  ')}  ${name}`
}
