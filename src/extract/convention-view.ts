import { hasControls, stripControls } from '../frame/controls.ts'
import { ascii, findByte, startsWith } from '../model/bytes.ts'
import { type Line, createLine, textOf } from '../model/line.ts'
import { INNER_QUOTE, closeOf, isOwnValue, opensString } from './convention-text.ts'

const SPACE = 32
const QUOTE = 34
const BACKSLASH = 92
const ESC = 27
const LONGEST_ESCAPE = 6
const SPACES = new Set(['a', 'b', 'f', 'n', 'r', 't', 'v'])
/** Those of JSON, Go and C; of a character that needs more than one `\u`, each is one. */
const ESCAPE = /^\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(033)|([\x21-\x7e]))/

/** How the first releases of l2met had it. */
const OLD_MEASURE = ascii('measure=')
const OLD =
  /(?:^|\s)measure=(?:"([^"\s]+)"|([^"\s]+)).*?\sval=([^"\s]+)(?:.*?\sunits=([A-Za-z%]+))?/s
const MAX_OLD = 1024

/** Room for the longest line; what is added is short. */
const scratch = Buffer.alloc(2 ** 17)
const view = createLine()

/**
 * A line as its writer meant it: JSON strings without escapes, and `measure=db.latency val=20 units=ms` as
 * `measure#db.latency=20ms`. Mostly that is the line itself; else it is good until the next call.
 */
export function viewOf(line: Line): Line {
  const { bytes, messageStart, messageEnd, procStart, procEnd } = line
  if (messageEnd - procStart > scratch.length / 2) return line
  const hasEscapes =
    findByte(bytes, BACKSLASH, messageStart, messageEnd) >= 0 &&
    findByte(bytes, QUOTE, messageStart, messageEnd) >= 0
  const old = hasOldMeasure(line) ? oldMeasureOf(line) : undefined
  if (!hasEscapes && old === undefined) return line
  view.bytes = scratch
  view.time = line.time
  view.cut = line.cut
  view.procStart = 0
  view.procEnd = view.messageStart = copy(bytes, procStart, procEnd, 0)
  view.messageEnd = hasEscapes
    ? unescape(bytes, messageStart, messageEnd, view.messageStart)
    : copy(bytes, messageStart, messageEnd, view.messageStart)
  if (old !== undefined) view.messageEnd += scratch.write(old, view.messageEnd, 'latin1')
  return view
}

/** Whether `measure=` begins a word of a line. */
export function hasOldMeasure({ bytes, messageStart, messageEnd }: Line): boolean {
  for (let i = messageStart; i < messageEnd; i += 1) {
    const isWord = i === messageStart || bytes[i - 1]! <= SPACE
    if (isWord && startsWith(bytes, i, messageEnd, OLD_MEASURE)) return true
  }
  return false
}

function oldMeasureOf({ bytes, messageStart, messageEnd, cut }: Line): string | undefined {
  const text = Buffer.from(
    bytes.subarray(messageStart, Math.min(messageEnd, messageStart + MAX_OLD)),
  )
  const match = cut ? null : OLD.exec(text.toString('latin1'))
  return match ? ` measure#${match[1] ?? match[2]}=${match[3]}${match[4] ?? ''}` : undefined
}

function copy(bytes: Uint8Array, start: number, end: number, to: number): number {
  scratch.set(bytes.subarray(start, end), to)
  return to + end - start
}

/** Copies a message to `scratch` without the escapes in its strings; gives where it ends. */
function unescape(bytes: Uint8Array, start: number, end: number, to: number): number {
  let out = to
  for (let i = start; i < end; i += 1) {
    const opens = bytes[i] === QUOTE && opensString(bytes, start, i)
    scratch[out++] = bytes[i]!
    if (!opens) continue
    const close = closeOf(bytes, i + 1, end)
    if (isOwnValue(bytes, start, i)) out = copy(bytes, i + 1, close, out)
    else out = unescapeString(bytes, i + 1, close, out)
    if (close < end) scratch[out++] = QUOTE
    i = close
  }
  // Colours may have been escaped.
  return hasControls(scratch, to, out)
    ? to + stripControls(scratch, to, out, scratch.subarray(to))
    : out
}

function unescapeString(bytes: Uint8Array, start: number, end: number, to: number): number {
  let out = to
  for (let i = start; i < end; i += 1) {
    if (bytes[i] !== BACKSLASH || i + 1 >= end) {
      scratch[out++] = bytes[i]!
      continue
    }
    const escape = ESCAPE.exec(textOf(bytes, i, Math.min(end, i + LONGEST_ESCAPE)))
    const text = escape === null ? undefined : textOfEscape(escape)
    if (escape === null || text === undefined) {
      scratch[out++] = BACKSLASH
      continue
    }
    out += scratch.write(text, out, 'utf8')
    i += escape[0].length - 1
  }
  return out
}

/** Characters of control but ESC separate words, as they do unescaped. */
function textOfEscape([, unicode, hex, octal, char = '']: RegExpExecArray): string | undefined {
  const code = unicode ?? hex
  const value = code === undefined ? 0 : Number.parseInt(code, 16)
  if (octal !== undefined || char === 'e' || value === ESC) return '\u001b'
  if (char === '"' || value === QUOTE) return String.fromCharCode(INNER_QUOTE)
  if (code !== undefined) return value < SPACE ? ' ' : String.fromCharCode(value).toWellFormed()
  if (SPACES.has(char)) return ' '
  return char === '\\' || char === '/' ? char : undefined
}
