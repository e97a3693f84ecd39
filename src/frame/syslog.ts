import type { Line } from '../model/line.ts'
import { ascii, findByte, isExactly, startsWith } from '../model/bytes.ts'
import { type DateCache, type Stamp, parseTimestamp } from './timestamp.ts'

/** Messages are cut at this many bytes by the platform's log-shuttle (SPEC.md of Logplex, splitLine). */
const CUT_LENGTH = 10_000

const SPACE = 32
const NEWLINE = 10
const RETURN = 13
const DASH = 45
const OPEN = 91
const CLOSE = 93
const QUOTE = 34
const BACKSLASH = 92

const HOST = ascii('host')
const DRAIN_TOKEN = ascii('d.')
const HEROKU = ascii('heroku')
const LOGPLEX = ascii('logplex')

/**
 * Reads bytes[start, end) as one syslog message the way Logplex writes RFC 5424:
 * `<PRI>1 TIME HOST APP PROCID MSGID MSG`, where the structured data that the RFC asks for is left
 * out by HTTPS drains and present from log-shuttle and TCP drains. False when it is no such thing.
 */
export function readSyslog(
  bytes: Uint8Array,
  start: number,
  end: number,
  cache: DateCache,
  stamp: Stamp,
  line: Line,
): boolean {
  const timeStart = skipPriority(bytes, start, end)
  if (timeStart < 0) return false
  if (!parseTimestamp(bytes, timeStart, end, cache, stamp)) return false
  const host = stamp.end + 1
  const app = nextField(bytes, host, end)
  const proc = nextField(bytes, app, end)
  const id = nextField(bytes, proc, end)
  if (host >= end || app >= end || proc >= end || id >= end) return false
  const message = nextField(bytes, id, end)
  line.bytes = bytes
  line.time = stamp.time
  line.hostStart = host
  line.hostEnd = app - 1
  line.appStart = app
  line.appEnd = proc - 1
  line.procStart = proc
  line.procEnd = id - 1
  line.messageStart = Math.min(message, end)
  line.messageEnd = end
  undoOldOrder(line, host, app)
  if (line.appEnd <= line.appStart || line.procEnd <= line.procStart) return false
  finishMessage(line)
  skipStructuredData(line, host, app - 1)
  return true
}

/** The message, behind one blank, of a line whose bytes are set. */
export function setMessage(line: Line, from: number, end: number): void {
  line.messageStart = from
  line.messageEnd = end
  if (line.bytes[from] === SPACE && from < end) line.messageStart += 1
  finishMessage(line)
}

/** Notes whether the message was cut, and leaves out its line end. */
export function finishMessage(line: Line): void {
  const { bytes, messageStart } = line
  let end = line.messageEnd
  line.cut = end - messageStart >= CUT_LENGTH && bytes[end - 1] !== NEWLINE
  while (end > messageStart && (bytes[end - 1] === NEWLINE || bytes[end - 1] === RETURN)) end -= 1
  line.messageEnd = end
}

/** The same for a message of which so many bytes were left out before it was read. */
export function noteRemoved(line: Line, removed: number, last: number | undefined): void {
  const length = line.messageEnd - line.messageStart + removed
  if (removed > 0 && length >= CUT_LENGTH && last !== NEWLINE) line.cut = true
}

/** Past `<PRI>VERSION `, or -1. */
export function skipPriority(bytes: Uint8Array, start: number, end: number): number {
  if (bytes[start] !== 60) return -1
  let at = skipDigits(bytes, start + 1, end, 3)
  if (at < 0 || bytes[at] !== 62) return -1
  at = skipDigits(bytes, at + 1, end, 3)
  return at > 0 && at < end && bytes[at] === SPACE ? at + 1 : -1
}

/** Past 1 to `most` digits, or -1. */
export function skipDigits(bytes: Uint8Array, start: number, end: number, most: number): number {
  let at = start
  while (at < end && bytes[at]! >= 48 && bytes[at]! <= 57) at += 1
  return at > start && at - start <= most ? at : -1
}

/** Start of the field after the one at `at`; past `end` when there is none. */
function nextField(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && bytes[i] !== SPACE) i += 1
  return i + 1
}

// Until 2012 drains wrote `heroku web.3 d.<token> -`: app, procid, token.
function undoOldOrder(line: Line, host: number, app: number): void {
  if (!startsWith(line.bytes, line.procStart, line.procEnd, DRAIN_TOKEN)) return
  line.procStart = line.appStart
  line.procEnd = line.appEnd
  line.appStart = host
  line.appEnd = app - 1
}

// HTTPS drains (host `host`) have no structured data, and an app's own text may begin with `- ` or
// `[`; Heroku's own components never begin so, whatever the way the line took.
function skipStructuredData(line: Line, hostStart: number, hostEnd: number): void {
  const { bytes, messageEnd } = line
  const direct = isExactly(bytes, hostStart, hostEnd, HOST) && !isPlatform(line)
  if (direct) return
  let at = line.messageStart
  if (bytes[at] === DASH && at < messageEnd) at += 1
  else while (at < messageEnd && bytes[at] === OPEN) at = endOfElement(bytes, at, messageEnd)
  if (at === line.messageStart || at > messageEnd || (at < messageEnd && bytes[at] !== SPACE))
    return
  line.messageStart = Math.min(at + 1, messageEnd)
}

function isPlatform(line: Line): boolean {
  const { bytes, appStart, appEnd, procStart, procEnd } = line
  return isExactly(bytes, appStart, appEnd, HEROKU) || isExactly(bytes, procStart, procEnd, LOGPLEX)
}

/** Past one `[id key="value"]` (RFC 5424 section 6.3), or past `end` when it isn't one. */
function endOfElement(bytes: Uint8Array, start: number, end: number): number {
  let quoted = false
  const space = findByte(bytes, SPACE, start, end)
  const close = findByte(bytes, CLOSE, start, end)
  if (space < 0 || close < space) return end + 1
  for (let i = start + 1; i < end; i += 1) {
    if (bytes[i] === BACKSLASH && quoted) i += 1
    else if (bytes[i] === QUOTE) quoted = !quoted
    else if (bytes[i] === CLOSE && !quoted) return i + 1
  }
  return end + 1
}
