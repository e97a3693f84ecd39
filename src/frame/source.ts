import { ascii, findByte, isExactly } from '../model/bytes.ts'
import type { Line } from '../model/line.ts'
import { setMessage } from './syslog.ts'

const SPACE = 32
const DASH = 45
const SLASH = 47
const COLON = 58
const OPEN = 91
const CLOSE = 93

const APP_NAMES = ['app', 'heroku', 'logplex', 'Logplex'].map(ascii)
/** Longer names of hosts, apps and procids aren't looked at, bytes. */
const MAX_NAME = 128

const PLATFORM_PROC =
  /^(?:router|api|logplex|log-shuttle|slugc|slug-compiler|(?:heroku-)?(?:postgres|pgbouncer|redis)[\w.-]*)$/
/** `web.1`, `run.1234`, and Fir's `web-5d9f8c6b7d-abcde`. */
const DYNO = /^[A-Za-z][\w-]*(?:\.\d+|-[0-9a-z]{6,10}-[0-9a-z]{5})$/

/** Whether Logplex writes lines under this app name: `app` and `heroku`, and its own. */
export function isAppName(bytes: Uint8Array, start: number, end: number): boolean {
  return APP_NAMES.some((name) => isExactly(bytes, start, end, name))
}

/** Whether a procid is a dyno's, or that of a part of the platform. */
export function isProcId(bytes: Uint8Array, start: number, end: number): boolean {
  if (end <= start || end - start > MAX_NAME) return false
  const text = Buffer.from(bytes.subarray(start, end)).toString('latin1')
  return PLATFORM_PROC.test(text) || DYNO.test(text)
}

/** A line of another program may look alike: `sshd[123]: …` isn't Heroku's, `app[web.1]: …` and `shop[web.1]: …` are. */
function isSource(bytes: Uint8Array, app: number, appEnd: number, proc: number, procEnd: number) {
  return isAppName(bytes, app, appEnd) || isProcId(bytes, proc, procEnd)
}

/** `app[proc]: message`, or `Logplex: message` from a session that was refused. */
export function readSource(bytes: Uint8Array, from: number, end: number, line: Line): boolean {
  let at = from
  while (at < end && bytes[at]! > SPACE && bytes[at] !== OPEN && bytes[at] !== COLON) at += 1
  if (at === from || at >= end || bytes[at] === SPACE) return false
  if (bytes[at] === COLON) {
    if (!isAppName(bytes, from, at)) return false
    return setSource(line, from, at, at, at, at + 1, end)
  }
  const close = findByte(bytes, CLOSE, at, end)
  if (close < 0 || bytes[close + 1] !== COLON || close + 1 >= end) return false
  if (!isSource(bytes, from, at, at + 1, close)) return false
  return setSource(line, from, at, at + 1, close, close + 2, end)
}

/**
 * What follows the time in files of syslog daemons and in Papertrail's tail: `HOST app[proc]: message`,
 * `HOST app[proc] message` or `HOST app/proc: message`, the host may be missing.
 */
export function readTagged(bytes: Uint8Array, from: number, end: number, line: Line): boolean {
  if (readTag(bytes, from, end, line)) return true
  const space = endOfHost(bytes, from, end)
  let tag = space + 1
  while (tag < end && bytes[tag] === SPACE) tag += 1
  if (space <= from || !readTag(bytes, tag, end, line)) return false
  setHost(line, from, space)
  return true
}

/** `app[proc]: message`, `app[proc] message` or `app/proc: message`. */
function readTag(bytes: Uint8Array, from: number, end: number, line: Line): boolean {
  const limit = Math.min(end, from + 2 * MAX_NAME)
  let at = from
  while (at < limit && bytes[at]! > SPACE && bytes[at] !== OPEN && bytes[at] !== SLASH) at += 1
  if (at === from || at >= limit || bytes[at] === SPACE) return false
  const isBracketed = bytes[at] === OPEN
  const stop = findByte(bytes, isBracketed ? CLOSE : COLON, at, limit)
  if (stop < 0) return false
  const blank = findByte(bytes, SPACE, at, stop)
  if (blank >= 0 || !isSource(bytes, from, at, at + 1, stop)) return false
  const next = stop + 1
  if (!isBracketed) return setSource(line, from, at, at + 1, stop, next, end)
  const message = bytes[next] === COLON && next < end ? next + 1 : next
  if (message === next && next < end && bytes[next] !== SPACE) return false
  return setSource(line, from, at, at + 1, stop, message, end)
}

/**
 * What follows the time of RFC 5424, with the host missing: `app proc msgid sd message`, as collectors
 * print it that leave fields out. The message id must be `-`, as Logplex writes it.
 */
export function readWithoutHost(bytes: Uint8Array, from: number, end: number, line: Line): boolean {
  const appEnd = endOfWord(bytes, from, end)
  const procEnd = endOfWord(bytes, appEnd + 1, end)
  const idEnd = endOfWord(bytes, procEnd + 1, end)
  const isNil = idEnd - procEnd === 2 && bytes[procEnd + 1] === DASH
  if (!isNil || idEnd > end || !isAppName(bytes, from, appEnd)) return false
  if (!isProcId(bytes, appEnd + 1, procEnd)) return false
  return setSource(line, from, appEnd, appEnd + 1, procEnd, pastNil(bytes, idEnd, end), end)
}

/** The same with a host: `host app proc msgid sd message`. */
export function readFields(bytes: Uint8Array, from: number, end: number, line: Line): boolean {
  const hostEnd = endOfHost(bytes, from, end)
  if (hostEnd <= from || !readWithoutHost(bytes, hostEnd + 1, end, line)) return false
  setHost(line, from, hostEnd)
  return true
}

/** Past structured data that is left out: `- `. */
function pastNil(bytes: Uint8Array, at: number, end: number): number {
  const isNil = bytes[at + 1] === DASH && (at + 2 >= end || bytes[at + 2] === SPACE)
  return isNil && at + 1 < end ? at + 2 : at
}

/** Where the name of a host ends that a space follows; -1 for anything else. */
function endOfHost(bytes: Uint8Array, from: number, end: number): number {
  const space = findByte(bytes, SPACE, from, Math.min(end, from + MAX_NAME))
  if (space <= from) return -1
  const name = Buffer.from(bytes.subarray(from, space)).toString('latin1')
  return /^[\w.:-]+$/.test(name) ? space : -1
}

function endOfWord(bytes: Uint8Array, from: number, end: number): number {
  const space = findByte(bytes, SPACE, from, Math.min(end, from + MAX_NAME))
  return space < 0 ? end : space
}

export function setHost(line: Line, start: number, end: number): void {
  line.hostStart = start
  line.hostEnd = end
}

function setSource(
  line: Line,
  app: number,
  appEnd: number,
  proc: number,
  procEnd: number,
  message: number,
  end: number,
): boolean {
  line.appStart = app
  line.appEnd = appEnd
  line.procStart = proc
  line.procEnd = procEnd
  setMessage(line, Math.min(message, end), end)
  return true
}

const HOSTS_OF_NO_APP = new Set(['host', 'shuttle', 'localhost', '-'])

/**
 * The app that a line's host names: a system of Papertrail, an app of a Private Space, a drain token. ''
 * for what every app's lines have, and for addresses of machines on the way.
 */
export function appNameOf(line: Line): string {
  const { bytes, hostStart, hostEnd } = line
  if (hostEnd <= hostStart || hostEnd - hostStart > MAX_NAME) return ''
  const name = Buffer.from(bytes.subarray(hostStart, hostEnd)).toString('utf8')
  if (HOSTS_OF_NO_APP.has(name) || ADDRESS.test(name)) return ''
  return name
}

const ADDRESS =
  /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F.]*:[0-9a-fA-F:.]*|(?:ip|ec2)-\d+-\d+-\d+-\d+.*)$/
