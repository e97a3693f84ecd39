import { MAX_SECONDS, SECONDS, STATE } from './memory'

/*
 * How many lines were counted since the last time they were taken, of which classes, and when.
 */

// Offsets in the state that the caller reads, f64s at STATE.
const FIRST_TIME = 24
const LAST_TIME = 32
const ROUTER_LINES = 40
const RUNTIME_LINES = 48
const APP_LINES = 56
const COUNTED_LINES = 64
const IGNORED_LINES = 72
const ERRORS = 80
const SECONDS_USED = 88
const OVERFLOW = 120

let second: f64 = NaN
let inSecond: f64 = 0
let secondsUsed: i32 = 0
let firstTime: f64 = Infinity
let lastTime: f64 = -Infinity
let routerLines: f64 = 0
let runtimeLines: f64 = 0
let appLines: f64 = 0
let ignoredLines: f64 = 0
let allLines: f64 = 0
let errors: f64 = 0
let overflow: f64 = 0
/** Of the lines counted since the last time, those whose results were taken. */
let resultsTaken: f64 = 0
let ignoredTaken: f64 = 0

/** Notes the time of a line that was counted. */
@inline
export function noteTime(time: f64): void {
  if (time < firstTime) firstTime = time
  if (time > lastTime) lastTime = time
}

/** Counts a request in its class and its clock second. */
@inline
export function noteRequest(time: f64, isError: bool): void {
  routerLines += 1
  if (isError) errors += 1
  if (!(time >= second * 1000 && time < second * 1000 + 1000)) {
    keepSecond()
    second = floor(time / 1000)
  }
  inSecond += 1
}

@inline
export function noteRuntimeLine(): void {
  runtimeLines += 1
}

/** Counts a line of the app, which may hold nothing that counts. */
@inline
export function noteAppLine(isIgnored: bool): void {
  appLines += 1
  if (isIgnored) ignoredLines += 1
}

/** Counts a value that went to an overflow series. */
export function noteOverflow(): void {
  overflow += 1
}

/** Whether one more line may have no room. */
@inline
export function hasManySeconds(): bool {
  return secondsUsed + 1 >= MAX_SECONDS
}

/** Leaves in the state how many lines counted, and how many didn't, since the last time. */
export function takeResults(): void {
  const lines = routerLines + runtimeLines + appLines
  const ignored = ignoredLines - ignoredTaken
  store<f64>(STATE, lines - resultsTaken - ignored, COUNTED_LINES)
  store<f64>(STATE, ignored, IGNORED_LINES)
  resultsTaken = lines
  ignoredTaken = ignoredLines
}

/** Leaves in the state what was counted since the last time, and forgets it. */
export function takeCounts(): void {
  keepSecond()
  store<f64>(STATE, firstTime, FIRST_TIME)
  store<f64>(STATE, lastTime, LAST_TIME)
  store<f64>(STATE, routerLines, ROUTER_LINES)
  store<f64>(STATE, runtimeLines, RUNTIME_LINES)
  store<f64>(STATE, appLines, APP_LINES)
  store<f64>(STATE, errors, ERRORS)
  store<f64>(STATE, <f64>secondsUsed, SECONDS_USED)
  store<f64>(STATE, overflow, OVERFLOW)
  firstTime = Infinity
  lastTime = -Infinity
  allLines += routerLines + runtimeLines + appLines
  routerLines = runtimeLines = appLines = ignoredLines = errors = overflow = 0
  resultsTaken = ignoredTaken = 0
  secondsUsed = 0
}

/** Lines counted here so far. */
export function linesCounted(): f64 {
  return allLines + routerLines + runtimeLines + appLines
}

function keepSecond(): void {
  if (inSecond == 0) return
  const at = SECONDS + (<usize>secondsUsed << 4)
  store<f64>(at, second)
  store<f64>(at, inSecond, 8)
  secondsUsed += 1
  inSecond = 0
}
