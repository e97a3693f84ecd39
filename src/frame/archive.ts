import { findByte } from '../model/bytes.ts'
import { type Line, textOf } from '../model/line.ts'
import { isAppName, isProcId, setHost } from './source.ts'
import { finishMessage, skipDigits } from './syslog.ts'
import { type DateCache, type Stamp, parseTimestamp } from './timestamp.ts'

const TAB = 9
const SLASH = 47

// id, generated_at, received_at, source_id, source_name, source_ip, facility, severity, program, message.
const GENERATED_AT = 1
const SOURCE_NAME = 4
const PROGRAM = 8
const MESSAGE = 9

/**
 * Reads a line of Papertrail's archives (`2026-11-21.tsv.gz`): ten fields with tabs between them, of
 * which the second is the time (UTC where it names no zone), the fifth the app and the ninth `app/proc`.
 */
export function readArchive(
  dates: DateCache,
  stamp: Stamp,
  bytes: Uint8Array,
  from: number,
  end: number,
  line: Line,
): boolean {
  if (bytes[skipDigits(bytes, from, end, 20)] !== TAB) return false
  const starts = fieldsOf(bytes, from, end)
  const program = starts[PROGRAM] ?? end
  const message = starts[MESSAGE]
  if (message === undefined) return false
  const slash = findByte(bytes, SLASH, program, message)
  if (slash < 0) return false
  if (!isAppName(bytes, program, slash) && !isProcId(bytes, slash + 1, message - 1)) return false
  line.time = timeOf(dates, stamp, bytes, starts[GENERATED_AT]!, starts[GENERATED_AT + 1]! - 1)
  setHost(line, starts[SOURCE_NAME]!, starts[SOURCE_NAME + 1]! - 1)
  line.appStart = program
  line.appEnd = slash
  line.procStart = slash + 1
  line.procEnd = message - 1
  line.messageStart = message
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

/** The time of `2026-11-21T10:00:00Z`, or of `2011-02-10 00:19:36 -0800` as it was written before; NaN for neither. */
function timeOf(dates: DateCache, stamp: Stamp, bytes: Uint8Array, from: number, to: number) {
  if (parseTimestamp(bytes, from, to, dates, stamp) && stamp.end === to) return stamp.time
  return Date.parse(textOf(bytes, from, to))
}
