import { ascii, findByte, findText, isExactly, startsWith } from '../model/bytes.ts'
import { METHODS, type Request } from './request.ts'

const SPACE = 32
const QUOTE = 34
const EQUALS = 61
const QUESTION = 63
const SLASH = 47

const MAX_TAIL_TOKENS = 16

const AT = ascii('at=')
const CODE = ascii('code=H')
const METHOD = ascii('method=')
const PATH = ascii('path=')
const DYNO = ascii('dyno=')
const CONNECT = ascii('connect=')
const SERVICE = ascii('service=')
const STATUS = ascii('status=')
const BYTES = ascii('bytes=')
const AGENT = ascii(' agent="')
const MILLIS = ascii('ms')
const INFO = ascii('info')
const METHOD_NAMES = METHODS.map(ascii)
const OTHER_METHOD = METHODS.length - 1

/**
 * Reads bytes[start, end), a router message (SPEC.md section 2), into `into`. Method, path, host,
 * request_id, fwd and agent are written by anyone on the internet, so what counts is read from the
 * right, from the end back to `dyno=`, and no path can forge it. False when there is no `dyno=` or
 * neither status nor code.
 */
export function readRouterLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Request,
): boolean {
  into.bytes = bytes
  const headEnd = readTail(bytes, start, endBeforeAgent(bytes, start, end, into), into)
  if (headEnd < 0) return false
  readHead(bytes, start, headEnd, into)
  return into.status > 0 || into.code > 0
}

/** Reads backwards to `dyno=` and returns where it starts, or -1. */
function readTail(bytes: Uint8Array, start: number, end: number, into: Request): number {
  into.connect = into.service = into.size = -1
  into.status = 0
  let tokenEnd = end
  for (let tokens = 0; tokens < MAX_TAIL_TOKENS; tokens += 1) {
    while (tokenEnd > start && bytes[tokenEnd - 1]! <= SPACE) tokenEnd -= 1
    let at = tokenEnd
    while (at > start && bytes[at - 1]! > SPACE) at -= 1
    if (at === tokenEnd) return -1
    switch (bytes[at]) {
      case 100: // d
        if (!startsWith(bytes, at, tokenEnd, DYNO)) break
        into.dynoStart = at + DYNO.length
        into.dynoEnd = tokenEnd
        return at
      case 99: // c
        if (startsWith(bytes, at, tokenEnd, CONNECT)) {
          into.connect = readMillis(bytes, at + CONNECT.length, tokenEnd)
        }
        break
      case 115: // s
        if (startsWith(bytes, at, tokenEnd, SERVICE)) {
          into.service = readMillis(bytes, at + SERVICE.length, tokenEnd)
        } else if (startsWith(bytes, at, tokenEnd, STATUS)) {
          into.status = readStatus(bytes, at + STATUS.length, tokenEnd)
        }
        break
      case 98: // b
        if (startsWith(bytes, at, tokenEnd, BYTES)) {
          into.size = readWhole(bytes, at + BYTES.length, tokenEnd)
        }
        break
      default:
    }
    tokenEnd = at
  }
  return -1
}

/** Reads `sock= at= code= desc= cause= method= path=`, in this order, from the left. */
function readHead(bytes: Uint8Array, start: number, end: number, into: Request): void {
  into.method = OTHER_METHOD
  into.code = 0
  into.info = false
  into.pathStart = into.pathEnd = start
  let at = start
  while (at < end) {
    while (at < end && bytes[at]! <= SPACE) at += 1
    let stop = at
    while (stop < end && bytes[stop]! > SPACE && bytes[stop] !== QUOTE) stop += 1
    if (startsWith(bytes, at, end, PATH)) return readPath(bytes, at + PATH.length, end, into)
    if (bytes[stop] === QUOTE) {
      const close = findByte(bytes, QUOTE, stop + 1, end)
      stop = close < 0 ? end : close + 1
    } else if (startsWith(bytes, at, stop, METHOD)) {
      into.method = methodNamed(bytes, at + METHOD.length, stop)
    } else if (startsWith(bytes, at, stop, AT)) {
      into.info = isExactly(bytes, at + AT.length, stop, INFO)
    } else if (startsWith(bytes, at, stop, CODE)) {
      into.code = Math.max(0, readWhole(bytes, at + CODE.length, stop))
    } else if (at === start && findByte(bytes, EQUALS, at, stop) < 0) {
      return readOldHead(bytes, at, stop, end, into)
    }
    at = stop
  }
}

/** `GET host/path dyno=…`, as the router wrote in 2012. */
function readOldHead(
  bytes: Uint8Array,
  start: number,
  stop: number,
  end: number,
  into: Request,
): void {
  into.method = methodNamed(bytes, start, stop)
  into.info = true
  const slash = findByte(bytes, SLASH, stop, end)
  if (slash >= 0) readPath(bytes, slash, end, into)
}

/** Without the query: it holds tokens and personal data. Router 2.0 writes decoded paths, with spaces. */
function readPath(bytes: Uint8Array, start: number, end: number, into: Request): void {
  const quoted = bytes[start] === QUOTE
  const stop = quoted ? QUOTE : SPACE
  let at = quoted ? start + 1 : start
  into.pathStart = at
  while (at < end && bytes[at] !== stop && bytes[at] !== QUESTION) at += 1
  into.pathEnd = at
}

/** H31 lines end in `agent="…"`, which a client writes: the tail ends where the first one begins. */
function endBeforeAgent(bytes: Uint8Array, start: number, end: number, scratch: Request): number {
  if (bytes[end - 1] !== QUOTE) return end
  let agent = findText(bytes, AGENT, start, end)
  while (agent >= 0) {
    if (readTail(bytes, start, agent, scratch) >= 0) return agent
    agent = findText(bytes, AGENT, agent + 1, end)
  }
  return end
}

function methodNamed(bytes: Uint8Array, start: number, end: number): number {
  for (let i = 0; i < OTHER_METHOD; i += 1) {
    if (isExactly(bytes, start, end, METHOD_NAMES[i]!)) return i
  }
  return OTHER_METHOD
}

/** Whole milliseconds with or without `ms` (H25 has none); -1 when empty or no such thing. */
function readMillis(bytes: Uint8Array, start: number, end: number): number {
  return readWhole(bytes, start, startsWith(bytes, end - 2, end, MILLIS) ? end - 2 : end)
}

function readStatus(bytes: Uint8Array, start: number, end: number): number {
  const status = end - start === 3 ? readWhole(bytes, start, end) : 0
  return status >= 100 ? status : 0
}

const MAX_DIGITS = 12

function readWhole(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end || end - start > MAX_DIGITS) return -1
  let value = 0
  for (let i = start; i < end; i += 1) {
    const digit = bytes[i]! - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
