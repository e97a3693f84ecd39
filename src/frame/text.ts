import { type Line, textOf } from '../model/line.ts'
import { ascii, isDigit, startsWith } from '../model/bytes.ts'
import { readArchive } from './archive.ts'
import { readExport } from './export-line.ts'
import { MAX_PREFIXES, skipPrefix, timeOfPrefix } from './prefix.ts'
import { readFields, readSource, readTagged, readWithoutHost } from './source.ts'
import { finishMessage, readSyslog, skipDigits, skipPriority } from './syslog.ts'
import {
  type DateCache,
  type Stamp,
  isImpossibleTime,
  parseLocalTime,
  parseTimestamp,
} from './timestamp.ts'

/** What reading text lines needs between two of them. */
export interface TextReader {
  readonly dates: DateCache
  readonly stamp: Stamp
  /** Milliseconds since 1970: traditional times have no year, so it is the latest that isn't after this. */
  readonly now: number
}

const SPACE = 32
const ANGLE = 60
const BRACE = 123
const COMMA = 44
/** What editors and PowerShell put before a text; NULs between its letters are gone by now. */
const MARKS = [
  [0xef, 0xbb, 0xbf],
  [0xff, 0xfe],
  [0xfe, 0xff],
].map((mark) => Uint8Array.from(mark))

const SOURCES = ['app', 'heroku', 'logplex'].map((name) => ascii(`${name}[`))

/**
 * Reads bytes[start, end), one line of text without its newline, as whatever a person may paste or a
 * program may have written: `heroku logs` (`TIME app[proc]: message`), with or without the time; files of
 * syslog daemons and Papertrail's tail; syslog itself, with or without an octet count; Papertrail's
 * archives; a JSON export; each of them after a prefix of docker, kubectl, grep and others. Else the whole
 * line is the message, and app and proc are empty. False for a blank line.
 */
export function readText(
  reader: TextReader,
  bytes: Uint8Array,
  start: number,
  end: number,
  line: Line,
): boolean {
  const from = skipBlank(bytes, start, end)
  if (from >= end) return false
  line.bytes = bytes
  line.time = NaN
  line.hostStart = line.hostEnd = from
  let at = from
  let time = NaN
  for (let i = 0; i <= MAX_PREFIXES; i += 1) {
    if (readShape(reader, bytes, at, end, line)) {
      if (Number.isNaN(line.time)) line.time = time
      return true
    }
    const { dates, stamp, now } = reader
    const known = timeOfPrefix(dates, stamp, now, bytes, at, end)
    if (!Number.isNaN(known)) time = known
    else if (isImpossibleTime(bytes, pastHeader(bytes, at, end), end, dates)) {
      bareMessage(line, from, from)
      return true
    }
    const next = skipPrefix(bytes, at, end, !Number.isNaN(time))
    if (next === at || next >= end) break
    at = next
  }
  line.bytes = bytes
  // JSON that isn't understood as a whole isn't read in parts.
  bareMessage(line, from, bytes[from] === BRACE ? from : end)
  return true
}

/**
 * Where the counted frame at `start` ends, when another one follows it there: a saved drain body need not
 * have newlines. -1 when there is none. Counts are of the bytes as they came, colours and NULs included.
 */
export function frameEnd(bytes: Uint8Array, start: number, end: number): number {
  const from = skipBlank(bytes, start, end)
  if (!isDigit(bytes[from])) return -1
  const space = skipDigits(bytes, from, end, 9)
  if (space < 0 || skipPriority(bytes, space + 1, end) < 0) return -1
  const stop = space + 1 + Number(textOf(bytes, from, space))
  const next = stop < end ? skipDigits(bytes, stop, end, 9) : -1
  // A count that nothing confirms isn't believed: people edit lines.
  return next > 0 && skipPriority(bytes, next + 1, end) > 0 ? stop : -1
}

/** Past blanks and byte order marks. */
function skipBlank(bytes: Uint8Array, start: number, end: number): number {
  let at = start
  for (;;) {
    while (at < end && bytes[at]! <= SPACE) at += 1
    const mark =
      bytes[at]! < 0xef ? undefined : MARKS.find((one) => startsWith(bytes, at, end, one))
    if (mark === undefined) return at
    at += mark.length
  }
}

/** Past the count and the priority of syslog, where they are. */
function pastHeader(bytes: Uint8Array, from: number, end: number): number {
  const space = skipDigits(bytes, from, end, 9)
  return Math.max(from, skipPriority(bytes, space < 0 ? from : space + 1, end))
}

/** One line of a known shape, from its very beginning. */
function readShape(
  reader: TextReader,
  bytes: Uint8Array,
  from: number,
  end: number,
  line: Line,
): boolean {
  const { dates, stamp, now } = reader
  const first = bytes[from]!
  if (isDigit(first)) {
    if (parseTimestamp(bytes, from, end, dates, stamp)) {
      if (!readAfterTime(bytes, pastSpaces(bytes, stamp.end, end), end, line)) return false
      line.time = stamp.time
      return true
    }
    const space = skipDigits(bytes, from, end, 9)
    if (space > 0 && readPrioritized(reader, bytes, space + 1, end, line)) return true
    return readArchive(dates, stamp, bytes, from, end, line)
  }
  if (first === ANGLE) return readPrioritized(reader, bytes, from, end, line)
  if (first === BRACE) return readJson(reader, bytes, from, end, line)
  if (SOURCES.some((source) => startsWith(bytes, from, end, source))) {
    return readSource(bytes, from, end, line)
  }
  if (!parseLocalTime(bytes, from, end, now, stamp)) return false
  if (!readTagged(bytes, pastSpaces(bytes, stamp.end, end), end, line)) return false
  line.time = stamp.time
  return true
}

function readAfterTime(bytes: Uint8Array, at: number, end: number, line: Line): boolean {
  return (
    readSource(bytes, at, end, line) ||
    readTagged(bytes, at, end, line) ||
    readWithoutHost(bytes, at, end, line) ||
    readFields(bytes, at, end, line)
  )
}

/** `<PRI>1 TIME HOST APP PROCID MSGID MSG`, or without the host. */
function readPrioritized(
  { dates, stamp }: TextReader,
  bytes: Uint8Array,
  from: number,
  end: number,
  line: Line,
): boolean {
  const at = skipPriority(bytes, from, end)
  if (at < 0 || !parseTimestamp(bytes, at, end, dates, stamp)) return false
  const { time } = stamp
  if (readWithoutHost(bytes, stamp.end + 1, end, line)) {
    line.time = time
    return true
  }
  return readSyslog(bytes, from, end, dates, stamp, line)
}

/** A line of a JSON export. Its message may be a whole line of its own. */
function readJson(
  reader: TextReader,
  bytes: Uint8Array,
  from: number,
  end: number,
  line: Line,
): boolean {
  let stop = end
  while (stop > from && (bytes[stop - 1]! <= SPACE || bytes[stop - 1] === COMMA)) stop -= 1
  const exported = readExport(textOf(bytes, from, stop))
  if (exported === undefined || exported.message === '') return false
  const { time, host, app, proc, message } = exported
  const hostEnd = Buffer.byteLength(host)
  const head = `${host} ${app} ${proc} `
  const text = Buffer.from(head + message)
  const messageStart = text.length - Buffer.byteLength(message)
  line.bytes = text
  line.time = NaN
  line.hostStart = line.hostEnd = 0
  if (app === '') {
    // Where fields name the source, a message that looks like a line is text that an app wrote.
    const isLine = text[messageStart] !== BRACE
    if (!isLine || !readShape(reader, text, messageStart, text.length, line)) return false
  } else {
    if (Number.isNaN(time)) return false
    line.appStart = hostEnd + 1
    line.appEnd = line.appStart + app.length
    line.procStart = line.appEnd + 1
    line.procEnd = line.procStart + proc.length
    line.messageStart = messageStart
    line.messageEnd = text.length
    finishMessage(line)
  }
  if (Number.isNaN(line.time)) line.time = time
  if (line.hostEnd === line.hostStart) {
    line.hostStart = 0
    line.hostEnd = hostEnd
  }
  return true
}

function pastSpaces(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && bytes[i]! <= SPACE) i += 1
  return i
}

function bareMessage(line: Line, from: number, end: number): void {
  line.hostStart = line.hostEnd = from
  line.appStart = line.appEnd = line.procStart = line.procEnd = from
  line.messageStart = from
  line.messageEnd = end
  finishMessage(line)
}
