import { openSync } from 'node:fs'
import { ReadStream } from 'node:tty'

export type Key =
  | 'quit'
  | 'interrupt'
  | 'suspend'
  | 'pause'
  | 'sort'
  | 'up'
  | 'down'
  | 'left'
  | 'right'
  | 'page-up'
  | 'page-down'
  | 'home'

/** The keyboard, while stdin brings the log. */
export interface Keys {
  /** Raw keys come, or go back to the terminal's own line editing. */
  setRaw(raw: boolean): void
  close(): void
}

const KEYS = new Map<string, Key>([
  ['q', 'quit'],
  ['Q', 'quit'],
  ['\u0003', 'interrupt'],
  ['\u001a', 'suspend'],
  ['p', 'pause'],
  [' ', 'pause'],
  ['s', 'sort'],
  ['k', 'up'],
  ['j', 'down'],
  ['\u001b[A', 'up'],
  ['\u001b[B', 'down'],
  ['\u001b[C', 'right'],
  ['\u001b[D', 'left'],
  ['\u001bOA', 'up'],
  ['\u001bOB', 'down'],
  ['\u001bOC', 'right'],
  ['\u001bOD', 'left'],
  ['\u001b[5~', 'page-up'],
  ['\u001b[6~', 'page-down'],
  ['\u001b[H', 'home'],
  ['g', 'home'],
])
// oxlint-disable-next-line no-control-regex
const ONE_KEY = /\u001b(?:\[[0-9;]*[A-Za-z~]|O[A-Z])|[^]/gu

/** Reads keys from /dev/tty; undefined where there is none. */
export function openKeys(onKey: (key: Key) => void): Keys | undefined {
  let stream: ReadStream
  try {
    stream = new ReadStream(openSync('/dev/tty', 'r'))
    stream.setRawMode(true)
  } catch {
    return undefined
  }
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    for (const [one] of text.matchAll(ONE_KEY)) {
      const key = KEYS.get(one)
      if (key !== undefined) onKey(key)
    }
  })
  // The terminal is gone: SIGHUP says so, too.
  stream.on('error', () => {})
  return {
    setRaw: (raw) => void stream.setRawMode(raw),
    close() {
      if (stream.destroyed) return
      stream.setRawMode(false)
      stream.destroy()
    },
  }
}
