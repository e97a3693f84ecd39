import { findByte } from '../model/bytes.ts'
import { type Line, textOf } from '../model/line.ts'
import { finishMessage, setMessage, skipDigits } from './syslog.ts'
import { type DateCache, type Stamp, parseTimestamp } from './timestamp.ts'

const TAB = 9
const SPACE = 32
const COLON = 58
const SLASH = 47
const DAY_MS = 86_400_000
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** What reading times needs between two lines. */
export interface Times {
  readonly dates: DateCache
  readonly stamp: Stamp
  /** Milliseconds since 1970: the tail writes no year, so it is the latest that isn't after this. */
  readonly now: number
}

/** Reads a line as Papertrail's own tail prints it: `Nov 21 14:14:58 name app/proc: message`. */
export function readPapertrail(
  { now }: Times,
  bytes: Uint8Array,
  from: number,
  end: number,
  line: Line,
): boolean {
  if (end - from < 20 || bytes[from + 3] !== SPACE || bytes[from + 15] !== SPACE) return false
  const head = Buffer.from(bytes.subarray(from, from + 15)).toString('latin1')
  const match = /^([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)$/.exec(head)
  const month = match === null ? -1 : MONTHS.indexOf(match[1]!)
  if (match === null || month < 0) return false
  const name = findByte(bytes, SPACE, from + 16, end)
  const slash = name < 0 ? -1 : findByte(bytes, SLASH, name, end)
  const colon = slash < 0 ? -1 : findByte(bytes, COLON, slash, end)
  const blank = name < 0 ? -1 : findByte(bytes, SPACE, name + 1, end)
  if (colon < 0 || (blank >= 0 && blank < colon)) return false
  const [day, hour, minute, second] = match.slice(2).map(Number) as [number, number, number, number]
  const year = new Date(now).getUTCFullYear()
  const time = Date.UTC(year, month, day, hour, minute, second)
  line.time = time > now + DAY_MS ? Date.UTC(year - 1, month, day, hour, minute, second) : time
  line.appStart = name + 1
  line.appEnd = slash
  line.procStart = slash + 1
  line.procEnd = colon
  setMessage(line, colon + 1, end)
  return true
}

// id, generated_at, received_at, source_id, source_name, source_ip, facility, severity, program, message.
const GENERATED_AT = 1
const PROGRAM = 8
const MESSAGE = 9

/**
 * Reads a line of Papertrail's archives (`2026-11-21.tsv.gz`): ten fields with tabs between them, of
 * which the second is the time and the ninth `app/proc`.
 */
export function readArchive(
  times: Times,
  bytes: Uint8Array,
  from: number,
  end: number,
  line: Line,
): boolean {
  if (bytes[skipDigits(bytes, from, end, 20)] !== TAB) return false
  const starts = fieldsOf(bytes, from, end)
  const programStart = starts[PROGRAM] ?? end
  const messageStart = starts[MESSAGE]
  if (messageStart === undefined) return false
  const slash = findByte(bytes, SLASH, programStart, messageStart)
  if (slash < 0) return false
  line.time = timeOf(times, bytes, starts[GENERATED_AT]!, starts[GENERATED_AT + 1]! - 1)
  line.appStart = programStart
  line.appEnd = slash
  line.procStart = slash + 1
  line.procEnd = messageStart - 1
  line.messageStart = messageStart
  line.messageEnd = end
  finishMessage(line)
  return true
}

/** Where the fields begin, as far as they are looked at; a message may hold tabs. */
function fieldsOf(bytes: Uint8Array, from: number, end: number): number[] {
  const starts = [from]
  while (starts.length <= MESSAGE) {
    const tab = findByte(bytes, TAB, starts.at(-1)!, end)
    if (tab < 0) break
    starts.push(tab + 1)
  }
  return starts
}

/** Of `2026-11-21T10:00:00Z`, or of `2011-02-10 00:19:36 -0800` as it was written before; NaN for neither. */
function timeOf({ dates, stamp }: Times, bytes: Uint8Array, from: number, to: number): number {
  if (parseTimestamp(bytes, from, to, dates, stamp) && stamp.end === to) return stamp.time
  return Date.parse(textOf(bytes, from, to))
}
