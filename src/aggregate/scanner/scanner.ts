import type { AppState } from '../../extract/app-state.ts'
import type { Pin } from '../../extract/pin.ts'
import type { Accumulator } from '../../model/accumulator.ts'
import type { Line } from '../../model/line.ts'
import {
  type ScannerCache,
  registerKeys,
  registerProc,
  registerRequest,
  registerValues,
} from './registrations.ts'
import { openApp, writePins } from './room.ts'
import { FOLD_WORDS, type ScanModule, loadScanModule } from '../scan-module.ts'

/** Why a scan stopped: the codes of src/scan/lines.ts. */
export const STOP = {
  end: 0,
  foreign: 1,
  outside: 2,
  proc: 3,
  request: 4,
  keys: 5,
  values: 6,
  full: 7,
  broken: 8,
  fullLists: 9,
} as const

// Places in the module's state, in f64s.
const LINE_START = 0
const LINE_END = 1
const LINE_TIME = 2
const FOUND_USED = 12
const TIME_BEFORE = 13
const FRAME_START = 14

/**
 * Counts lines of the usual shapes faster than JavaScript does, into cells of its own that are
 * drained into accumulators: merging is addition, so it doesn't matter which lines went which way.
 */
export interface Scanner {
  readonly module: ScanModule
  caches: WeakMap<AppState, ScannerCache>
  /** Apps met so far: what is learnt of one says nothing about another. */
  apps: number
  /** Where what is scanned counts: set by fillWindow, until that is read. */
  acc: Accumulator | undefined
  /** Where each list of pins is, and where the next one may be. */
  readonly pins: Map<string, number>
  pinsEnd: number
}

/** Where and why a scan stopped: places are in the module's input. */
export interface Stop {
  readonly code: number
  readonly start: number
  readonly end: number
  /** Of a message in a body, where its frame starts. */
  readonly frame: number
  /** Of the line, and of the last line before it, ms since 1970. */
  readonly time: number
  readonly timeBefore: number
}

let shared: Scanner | undefined
let fault: string | undefined

/** The scanner of this thread; undefined where it can't be loaded: what it does is done without it too. */
export function sharedScanner(): Scanner | undefined {
  if (shared === undefined && fault === undefined) load()
  return shared
}

/** Why there is no scanner and what that means, for whoever runs the program; undefined when there is one. */
export function scannerFault(): string | undefined {
  return sharedScanner() === undefined ? fault : undefined
}

function load(): void {
  try {
    const module = loadScanModule()
    shared = { module, caches: new WeakMap(), apps: 0, acc: undefined, pins: new Map(), pinsEnd: 0 }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    fault = `counting takes three times as long, because the scanner can't be loaded: ${reason}`
  }
}

/** Makes the app of `state` the one whose lines are scanned next. */
export function selectApp(scanner: Scanner, state: AppState): ScannerCache {
  const cache = scanner.caches.get(state) ?? createCache(scanner, state)
  if (openApp(cache)) return cache
  forgetAll(scanner)
  return selectApp(scanner, state)
}

function createCache(scanner: Scanner, state: AppState): ScannerCache {
  scanner.apps += 1
  const { module, apps: number } = scanner
  const pins = placeOf(scanner, state.routes.pins)
  const streams = placeOf(scanner, state.routes.streams)
  const cache: ScannerCache = {
    scan: module,
    state,
    number,
    cells: [],
    pins,
    streams,
    paths: 0,
    dynos: 0,
    generation: 0,
    folds: new Uint32Array(FOLD_WORDS),
  }
  scanner.caches.set(state, cache)
  return cache
}

/** Where the scanner has these pins. Apps with the same, as they are all that are configured once, share them. */
function placeOf(scanner: Scanner, pins: readonly Pin[]): number {
  if (pins.length === 0) return 0
  const key = pins.map(({ pattern }) => pattern).join('\n')
  const known = scanner.pins.get(key)
  if (known !== undefined) return known
  const { at, end } = writePins(scanner.module, scanner.pinsEnd, pins)
  scanner.pinsEnd = end
  scanner.pins.set(key, at)
  return at
}

function forgetAll(scanner: Scanner): void {
  settleScanner(scanner)
  scanner.module.exports.dropCells()
  scanner.module.exports.forgetAll()
  scanner.caches = new WeakMap()
}

export function stopOf({ state }: ScanModule, code: number): Stop {
  return {
    code,
    start: state[LINE_START]!,
    end: state[LINE_END]!,
    frame: state[FRAME_START]!,
    time: state[LINE_TIME]!,
    timeBefore: state[TIME_BEFORE]!,
  }
}

/**
 * Teaches what the line is that the scan stopped at and that was counted the long way since. When
 * there is no more room, what was counted is brought to its accumulator and everything is forgotten.
 */
export function register(scanner: Scanner, cache: ScannerCache, code: number, line: Line): void {
  const { module } = scanner
  const found = module.state[FOUND_USED]!
  const base = module.inputAt
  let hasRoom = true
  if (code === STOP.proc) hasRoom = registerProc(cache, line)
  else if (code === STOP.request) hasRoom = registerRequest(cache)
  else if (code === STOP.keys) hasRoom = registerKeys(cache, line, base, found)
  else if (code === STOP.values) hasRoom = registerValues(cache, line, base, found)
  if (!hasRoom) forgetAll(scanner)
}

/**
 * Lines scanned from here on, of times from `start` to before `end` (ms since 1970), count in `acc`,
 * which calls `drain` when it is read. What was scanned for another is brought there first.
 */
export function fillWindow(
  scanner: Scanner,
  acc: Accumulator,
  start: number,
  end: number,
  drain: () => void,
): void {
  if (scanner.acc !== acc) {
    settleScanner(scanner)
    scanner.acc = acc
    acc.pending = drain
  }
  scanner.module.exports.setWindow(start, end)
}

/** Brings what was scanned to where it counts. The next line has no window until one is filled. */
export function settleScanner({ acc }: Scanner): void {
  acc?.pending?.()
}
