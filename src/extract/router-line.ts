import { ascii, findByte, findText, isExactly, startsWith } from '../model/bytes.ts'
import { METHODS, type Request } from './request.ts'

const SPACE = 32
const QUOTE = 34
const EQUALS = 61
const QUESTION = 63
const SLASH = 47
const ZERO = 48
const EQUALS_DIGIT = EQUALS - ZERO
const D = 100
const M = 109
const S = 115
const MAX_SCALE = 1e12

const MAX_TAIL_TOKENS = 16
const H31 = 31
const MISDIRECTED = 421

const USUAL_HEAD = ascii('at=info method=')
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
const INFO = ascii('info')
const WARNING = ascii('warning')
const METHOD_NAMES = METHODS.map(ascii)
const OTHER_METHOD = METHODS.length - 1

/**
 * Reads bytes[start, end), a router message (SPEC.md section 2), into `into`. Method, path, host,
 * request_id, fwd and agent are written by anyone on the internet, so what counts is read from the
 * right, from the end back to `dyno=`, and no path can forge it. False when there is no `dyno=` or
 * no status, nor a whole tail with a code.
 */
export function readRouterLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Request,
): boolean {
  into.bytes = bytes
  if (bytes[end - 1] === QUOTE) return readMisdirected(bytes, start, end, into)
  const headEnd = readTail(bytes, start, end, into)
  if (headEnd < 0) return false
  readHead(bytes, start, headEnd, into)
  if (into.code > 0 && into.dynoStart === into.dynoEnd) forgetZeros(into)
  // Without a status, the last of what the router writes tells a whole line from one that was cut.
  return into.status > 0 || (into.code > 0 && findText(bytes, BYTES, headEnd, end) >= 0)
}

/** Router 2.0 writes `0ms` where the older one wrote nothing: no dyno was asked, so nothing was timed. */
function forgetZeros(into: Request): void {
  if (into.connect === 0) into.connect = -1
  if (into.service === 0) into.service = -1
}

/**
 * Reads backwards to `dyno=` and returns where it starts, or -1. One pass: the digits of a value are
 * read on the way to its `=`, and what stands before that says which value it is.
 */
function readTail(bytes: Uint8Array, start: number, end: number, into: Request): number {
  into.connect = into.service = into.size = -1
  into.status = 0
  let at = end
  for (let tokens = 0; tokens < MAX_TAIL_TOKENS; tokens += 1) {
    while (at > start && bytes[at - 1]! <= SPACE) at -= 1
    const tokenEnd = at
    const isMillis = bytes[at - 1] === S && bytes[at - 2] === M
    if (isMillis) at -= 2
    let value = 0
    let scale = 1
    let digit = at > start ? bytes[at - 1]! - ZERO : -1
    while (digit >= 0 && digit <= 9 && scale < MAX_SCALE) {
      value += digit * scale
      scale *= 10
      at -= 1
      digit = at > start ? bytes[at - 1]! - ZERO : -1
    }
    if (digit === EQUALS_DIGIT) {
      at = keepNumber(bytes, start, at - 1, scale === 1 ? -1 : value, into)
    }
    while (at > start && bytes[at - 1]! > SPACE) at -= 1
    if (at === tokenEnd) return -1
    if (bytes[at] === D && startsWith(bytes, at, tokenEnd, DYNO)) {
      into.dynoStart = at + DYNO.length
      into.dynoEnd = tokenEnd
      return at
    }
  }
  return -1
}

/** Keeps the value (-1 for none) of the key that ends at `equals`; returns where that key may start. */
function keepNumber(
  bytes: Uint8Array,
  start: number,
  equals: number,
  value: number,
  into: Request,
): number {
  if (isKey(bytes, start, equals, SERVICE)) into.service = value
  else if (isKey(bytes, start, equals, CONNECT)) into.connect = value
  else if (isKey(bytes, start, equals, STATUS))
    into.status = value >= 100 && value <= 999 ? value : 0
  else if (isKey(bytes, start, equals, BYTES)) into.size = value
  else return equals
  return equals - 4
}

/** Whether the token that has its `=` at `equals` has this key (given with the `=`). */
function isKey(bytes: Uint8Array, start: number, equals: number, key: Uint8Array): boolean {
  const from = equals + 1 - key.length
  if (from < start || (from > start && bytes[from - 1]! > SPACE)) return false
  return bytes[from] === key[0] && startsWith(bytes, from, equals + 1, key)
}

/** Reads `sock= at= code= desc= cause= method= path=`, in this order, from the left. */
function readHead(bytes: Uint8Array, start: number, end: number, into: Request): void {
  if (!readUsualHead(bytes, start, end, into)) readAnyHead(bytes, start, end, into)
}

/** `at=info method=GET path=`, which nearly all lines begin with. */
function readUsualHead(bytes: Uint8Array, start: number, end: number, into: Request): boolean {
  if (!startsWith(bytes, start, end, USUAL_HEAD)) return false
  const method = start + USUAL_HEAD.length
  let at = method
  while (at < end && bytes[at]! > SPACE) at += 1
  if (!startsWith(bytes, at + 1, end, PATH)) return false
  into.method = methodNamed(bytes, method, at)
  into.code = 0
  into.info = true
  into.warning = false
  readPath(bytes, at + 1 + PATH.length, end, into)
  return true
}

function readAnyHead(bytes: Uint8Array, start: number, end: number, into: Request): void {
  into.method = OTHER_METHOD
  into.code = 0
  into.info = into.warning = false
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
      into.warning = isExactly(bytes, at + AT.length, stop, WARNING)
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

/**
 * H31 lines alone end in `agent="…"`, which a client writes, as it does the path. No dyno was asked and
 * the status is always 421, so only such a tail is taken: whichever of several is read says the same.
 */
function readMisdirected(bytes: Uint8Array, start: number, end: number, into: Request): boolean {
  let agent = findText(bytes, AGENT, start, end)
  while (agent >= 0) {
    const headEnd = readTail(bytes, start, agent, into)
    if (headEnd >= 0 && into.dynoStart === into.dynoEnd && into.status === MISDIRECTED) {
      readHead(bytes, start, headEnd, into)
      into.connect = into.service = into.size = -1
      return into.code === H31
    }
    agent = findText(bytes, AGENT, agent + 1, end)
  }
  return false
}

function methodNamed(bytes: Uint8Array, start: number, end: number): number {
  for (let i = 0; i < OTHER_METHOD; i += 1) {
    if (isExactly(bytes, start, end, METHOD_NAMES[i]!)) return i
  }
  return OTHER_METHOD
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
