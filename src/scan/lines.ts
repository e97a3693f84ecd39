import { salt } from './app'
import { findNewline, hasControls, nextSpace } from './bytes'
import { isCrowded } from './cell-buckets'
import { hasManySeconds, noteAppLine, noteRequest, noteRuntimeLine, noteTime } from './counts'
import {
  frameEnd,
  frameHeader,
  frameMessage,
  isDigit,
  isFollowed,
  readHead,
  skipBlank,
} from './frames'
import { hashBytes, memorize, mix, recall, startHash } from './memo'
import { INPUT, STATE } from './memory'
import { found } from './matches'
import { NOTHING, TAKEN, UNKNOWN_KEY, UNKNOWN_VALUE, countPairs } from './pairs'
import { COUNTED, UNKNOWN, countRouter, isError } from './router'
import { service } from './router-line'
import { hasSeenMuch } from './seen'
import { noteStep } from './step'
import { readTime, time, timeEnd } from './time'
import { isSource } from './words'

/*
 * Counts lines of the usual shapes and stops at the first one that it can't count, which the caller
 * counts in its own way. Either counts a line in full or leaves it untouched.
 */

// Why a scan stopped.
const END: i32 = 0
/** The caller counts the line. */
const FOREIGN: i32 = 1
/** The line's time, which is in the state, is outside of the window: nothing is counted yet. */
const OUTSIDE: i32 = 2
/** The caller counts the line and then teaches what it is. */
const TEACH_PROC: i32 = 3
const TEACH_REQUEST: i32 = 4
const TEACH_KEYS: i32 = 5
const TEACH_VALUES: i32 = 6
/** Something is full: drain, and scan on from the same line. */
const FULL: i32 = 7
/** The same where only the lists of seconds and of what unique series saw are full. */
const FULL_LISTS: i32 = 9
/** What follows isn't a body of counted frames of the usual kind: the caller reads the rest. */
const BROKEN: i32 = 8

// Roles of an app name and procid, as the caller teaches them. Others are no matter for this scanner.
const ROUTER: u32 = 1
const APP: u32 = 2
const DYNO: u32 = 3

const PROC_KIND: u64 = 5
const NEWLINE: u8 = 10
const RETURN: u8 = 13
const SPACE: u8 = 32
const DASH: u8 = 45
const COLON: u8 = 58
const OPEN: u8 = 91
const CLOSE: u8 = 93

/** Longer messages may have been cut by the platform. */
const MAX_MESSAGE: usize = 9_999
const MAX_SOURCE: usize = 128
const MAX_FRAME: usize = 16_384

// The state that the caller reads and resets, f64s at STATE.
const LINE_START = 0
const LINE_END = 8
const LINE_TIME = 16
const FOUND_USED = 96
const TIME_BEFORE = 104
const FRAME_START = 112

/** Of the frame that is counted, in a body. */
let frameStart: usize = INPUT
/** The time of the line before, for one that has none. */
let timeBefore: f64 = NaN
let isClean: bool = true
let windowStart: f64 = 0
let windowEnd: f64 = 0
let procHash: u64 = 0

/** Lines count from `start` to before `end`, ms since 1970. */
export function setWindow(start: f64, end: f64): void {
  windowStart = start
  windowEnd = end
}

/** Whether the body that is scanned next holds neither ESC nor NUL: messages that do are left to the caller. */
export function setClean(value: bool): void {
  isClean = value
}

/** Counts the lines of INPUT[from, to), which end in a newline each. */
export function scanText(from: u32, to: u32): i32 {
  const end = INPUT + <usize>to
  let at = INPUT + <usize>from
  while (at < end) {
    const stop = findNewline(at, end)
    timeBefore = time
    const code = countText(at, stop)
    if (code != COUNTED) return stopAt(code, at, stop)
    at = stop + 1
  }
  return stopAt(END, end, end)
}

/** Counts the frames of INPUT[from, to), a drain body or the rest of one. */
export function scanBody(from: u32, to: u32): i32 {
  const end = INPUT + <usize>to
  let at = skipBlank(INPUT + <usize>from, end)
  readHead(at, end)
  while (at < end) {
    frameStart = at
    const start = frameMessage
    const stop = frameEnd
    const header = frameHeader
    if (start == 0 || stop > end || stop - start > MAX_FRAME) return stopAt(BROKEN, at, end)
    const next = skipBlank(stop, end)
    if (next < end) {
      readHead(next, end)
      if (frameHeader == 0) return stopAt(BROKEN, at, end)
      // The last digit of a message without newline may be the first one of the next count.
      if (next == stop && isDigit(stop - 1)) {
        if (!isFollowed(frameEnd, end)) return stopAt(BROKEN, at, end)
        readHead(next, end)
      }
    }
    const code = countSyslog(header, stop)
    if (code != COUNTED) return stopAt(code, start, stop)
    at = next
  }
  return END
}

/** Teaches the role of the last line's app name and procid: ROUTER, APP, DYNO or another number. */
export function learnProc(role: u32): bool {
  const entry = memorize(procHash)
  if (entry == 0) return false
  store<u32>(entry, role, 8)
  return true
}

function stopAt(code: i32, start: usize, stop: usize): i32 {
  store<f64>(STATE, <f64>(start - INPUT), LINE_START)
  store<f64>(STATE, <f64>(stop - INPUT), LINE_END)
  store<f64>(STATE, time, LINE_TIME)
  store<f64>(STATE, timeBefore, TIME_BEFORE)
  store<f64>(STATE, <f64>(frameStart - INPUT), FRAME_START)
  store<f64>(STATE, <f64>found, FOUND_USED)
  return code
}

/** `TIME app[proc]: message` */
@inline
function countText(start: usize, lineEnd: usize): i32 {
  if (!readTime(start, lineEnd)) return FOREIGN
  const source = timeEnd + 1
  const limit = min(source + MAX_SOURCE, lineEnd)
  let at = source
  while (at < limit && load<u8>(at) > SPACE && load<u8>(at) != OPEN && load<u8>(at) != COLON) at += 1
  if (at == source || at >= limit || load<u8>(at) != OPEN) return FOREIGN
  while (at < limit && load<u8>(at) != CLOSE) at += 1
  if (at + 1 >= limit || load<u8>(at, 1) != COLON) return FOREIGN
  const message = at + 2
  return countMessage(source, at, load<u8>(message) == SPACE ? message + 1 : message, lineEnd)
}

/** `TIME host app proc - message`, behind its header. */
@inline
function countSyslog(stamp: usize, end: usize): i32 {
  if (stamp == 0 || stamp > end || !readTime(stamp, end)) return FOREIGN
  if (!isClean && hasControls(stamp, end)) return FOREIGN
  const host = timeEnd + 1
  // `host `, which HTTPS drains write: whatever another sender may mean by `-` or `[` is its matter.
  if (load<u32>(host) != 0x74736f68 || load<u8>(host, 4) != SPACE) return FOREIGN
  const app = host + 5
  const limit = min(app + MAX_SOURCE, end)
  const appEnd = nextSpace(app, limit)
  const proc = appEnd + 1
  const at = nextSpace(proc, limit)
  if (proc == app + 1 || at >= limit || at == proc) return FOREIGN
  // A token in the place of the procid (2012).
  if (load<u16>(proc) == 0x2e64) return FOREIGN
  const procEnd = at
  // `- `, the message id.
  if (load<u16>(at, 1) != 0x202d || at + 3 > end) return FOREIGN
  const message = at + 3
  // What may be structured data of the platform is left to the caller; an app's own text is its own.
  const first = load<u8>(message)
  if ((first == DASH || first == OPEN) && isPlatform(app, appEnd, proc, procEnd)) return FOREIGN
  return countMessage(app, procEnd, message, end)
}

/** Whether the app is `heroku` or the procid `logplex`. */
function isPlatform(app: usize, appEnd: usize, proc: usize, procEnd: usize): bool {
  const isHeroku =
    appEnd - app == 6 && load<u32>(app) == 0x6f726568 && load<u16>(app, 4) == 0x756b
  const isLogplex =
    procEnd - proc == 7 && load<u32>(proc) == 0x70676f6c && load<u32>(proc, 3) == 0x78656c70
  return isHeroku || isLogplex
}

@inline
function countMessage(source: usize, sourceEnd: usize, message: usize, lineEnd: usize): i32 {
  let end = lineEnd
  if (end < message || end - message > MAX_MESSAGE) return FOREIGN
  while (end > message && (load<u8>(end - 1) == NEWLINE || load<u8>(end - 1) == RETURN)) end -= 1
  procHash = hashBytes(mix(startHash(salt), PROC_KIND), source, sourceEnd)
  const entry = recall(procHash)
  if (entry == 0) return TEACH_PROC
  if (!(time >= windowStart && time < windowEnd)) return OUTSIDE
  if (isCrowded()) return FULL
  if (hasManySeconds() || hasSeenMuch()) return FULL_LISTS
  const role = load<u32>(entry, 8)
  if (role == ROUTER) {
    const result = countRouter(salt, message, end)
    if (result == UNKNOWN) return TEACH_REQUEST
    if (result != COUNTED) return FOREIGN
    noteRequest(time, isError)
    noteStep(service, isError)
  } else if (role == APP || role == DYNO) {
    // A runtime line begins with `source=`; what else the dyno manager says is text.
    if (role == DYNO && !(end - message > 6 && isSource(message, message + 6))) return FOREIGN
    const result = countPairs(salt, role == APP ? 0 : procHash, message, end, time)
    if (result == UNKNOWN_KEY) return TEACH_KEYS
    if (result == UNKNOWN_VALUE) return TEACH_VALUES
    const isIgnored = result == NOTHING && role == APP
    if (!isIgnored && result != TAKEN) return FOREIGN
    if (role == APP) noteAppLine(isIgnored)
    else noteRuntimeLine()
  } else return FOREIGN
  noteTime(time)
  return COUNTED
}
