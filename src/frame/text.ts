import { type Line, textOf } from '../model/line.ts'
import { ascii, findByte, isDigit, startsWith } from '../model/bytes.ts'
import { type Times, readArchive, readPapertrail } from './papertrail.ts'
import { parseTimestamp } from './timestamp.ts'
import { finishMessage, readSyslog, setMessage, skipDigits, skipPriority } from './syslog.ts'

/** What reading text lines needs between two of them. */
export interface TextReader extends Times {
  /**
   * Where the next frame begins, when the line held a counted frame that another one follows (a saved
   * drain body need not have newlines); else -1. Set by readText.
   */
  rest: number
}

const SPACE = 32
const ESC = 27
const NUL = 0
const OPEN = 91
const CLOSE = 93
const COLON = 58
const ANGLE = 60

const SOURCES = ['app', 'heroku', 'logplex'].map((name) => ascii(`${name}[`))

/**
 * Reads bytes[start, end), one line of text without its newline, as whatever a person may paste:
 * `heroku logs` (`TIME app[proc]: message`), with or without the time; Papertrail
 * (`Nov 21 14:14:58 name app/proc: message`) and its archives; syslog, with or without an octet count; else
 * the whole line is the message and app and proc are empty. False for a blank line.
 */
export function readText(
  reader: TextReader,
  bytes: Uint8Array,
  start: number,
  end: number,
  line: Line,
): boolean {
  let from = start
  while (from < end && bytes[from]! <= SPACE) from += 1
  if (from >= end) return false
  line.bytes = bytes
  line.time = NaN
  reader.rest = -1
  const { dates, stamp } = reader
  if (isDigit(bytes[from])) {
    if (parseTimestamp(bytes, from, end, dates, stamp)) {
      if (readSource(bytes, stamp.end + 1, end, line)) {
        line.time = stamp.time
        return true
      }
    } else if (readCounted(reader, bytes, from, end, line)) return true
    else if (readArchive(reader, bytes, from, end, line)) return true
  } else if (bytes[from] === ANGLE) {
    if (readSyslog(bytes, from, end, dates, stamp, line)) return true
  } else if (hasSource(bytes, from, end)) {
    if (readSource(bytes, from, end, line)) return true
  } else if (readPapertrail(reader, bytes, from, end, line)) return true
  bareMessage(line, from, end)
  return true
}

/** Whether a line must go through `stripControls` first. */
export function hasControls(bytes: Uint8Array, start: number, end: number): boolean {
  return findByte(bytes, ESC, start, end) >= 0 || findByte(bytes, NUL, start, end) >= 0
}

/**
 * Copies bytes[start, end) without terminal colours (`ESC [ … m` and other CSI sequences) and NULs
 * (keep-alives of log sessions) to `into`, which must have room, and returns the new length.
 */
export function stripControls(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
): number {
  let length = 0
  for (let i = start; i < end; i += 1) {
    const byte = bytes[i]!
    if (byte === ESC && bytes[i + 1] === OPEN) {
      i += 2
      while (i < end && (bytes[i]! < 64 || bytes[i]! > 126)) i += 1
    } else if (byte !== NUL && byte !== ESC) {
      into[length] = byte
      length += 1
    }
  }
  return length
}

function readCounted(
  reader: TextReader,
  bytes: Uint8Array,
  from: number,
  end: number,
  line: Line,
): boolean {
  const space = skipDigits(bytes, from, end, 9)
  if (space < 0 || skipPriority(bytes, space + 1, end) < 0) return false
  const stop = space + 1 + Number(textOf(bytes, from, space))
  const next = stop < end ? skipDigits(bytes, stop, end, 9) : -1
  const isFollowed = next > 0 && skipPriority(bytes, next + 1, end) > 0
  if (isFollowed) reader.rest = stop
  // A count that nothing confirms isn't believed: people edit lines.
  const messageEnd = isFollowed ? stop : end
  return readSyslog(bytes, space + 1, messageEnd, reader.dates, reader.stamp, line)
}

function hasSource(bytes: Uint8Array, from: number, end: number): boolean {
  return SOURCES.some((source) => startsWith(bytes, from, end, source))
}

/** `app[proc]: message`, or `Logplex: message` from a session that was refused. */
function readSource(bytes: Uint8Array, from: number, end: number, line: Line): boolean {
  let at = from
  while (at < end && bytes[at]! > SPACE && bytes[at] !== OPEN && bytes[at] !== COLON) at += 1
  if (at === from || at >= end || bytes[at] === SPACE) return false
  line.appStart = from
  line.appEnd = at
  line.procStart = line.procEnd = at
  if (bytes[at] === OPEN) {
    const close = findByte(bytes, CLOSE, at, end)
    if (close < 0 || bytes[close + 1] !== COLON || close + 1 >= end) return false
    line.procStart = at + 1
    line.procEnd = close
    at = close + 1
  }
  setMessage(line, at + 1, end)
  return true
}

function bareMessage(line: Line, from: number, end: number): void {
  line.appStart = line.appEnd = line.procStart = line.procEnd = from
  line.messageStart = from
  line.messageEnd = end
  finishMessage(line)
}
