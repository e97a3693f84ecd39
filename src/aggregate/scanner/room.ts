import type { AppState } from '../../extract/app-state.ts'
import { examplesOf } from '../../extract/learned/examples.ts'
import { CONVENTIONAL_WORDS } from '../../extract/learned/word.ts'
import type { Pin } from '../../extract/pin.ts'
import { hasNoRoom, refreshRoutes } from '../../extract/route.ts'
import type { ScanModule } from '../scan-module.ts'
import { NO_PINS_ROOM, type ScannerCache } from './registrations.ts'

/** Which paths that are new go to the route of all others. */
const CLOSED = { toNone: 0, to404: 1, toAll: 2 } as const

/**
 * Makes the app of `cache` the one whose lines are scanned next. Where it has no more room for dynos or
 * routes the scanner learns those that have a place, so that it counts all others as one. False when
 * there is no room for that.
 */
export function openApp(cache: ScannerCache): boolean {
  const { scan, state, number, pins, streams } = cache
  refreshRoutes(state.routes)
  const closed = closedTo(state)
  const isFull = state.procs.size >= state.procs.limit
  scan.exports.setApp(
    number,
    isFull ? 1 : 0,
    closed,
    Math.max(pins, 0),
    Math.max(streams, 0),
    state.routes.untilLearned,
  )
  setFolds(cache)
  if (cache.generation !== state.routes.generation && !learnFolds(cache)) return false
  if (closed !== CLOSED.toNone && !learnPaths(cache)) return false
  return !isFull || learnDynos(cache)
}

/** Ends what openApp began, after each scan. */
export function closeApp({ scan, state }: ScannerCache): void {
  state.routes.untilLearned = scan.exports.leftUntilLearned()
}

/** Paths that fold have other hashes from here on; what is known of the old ones is never met again. */
function learnFolds(cache: ScannerCache): boolean {
  const { scan, state, folds } = cache
  for (const text of CONVENTIONAL_WORDS) {
    const word = Buffer.from(text)
    scan.text.set(word)
    if (scan.exports.learnWord(word.length) === 0) return false
  }
  folds.fill(0)
  for (const { path, kinds } of examplesOf(state.routes.learned)) {
    setFolds(cache)
    scan.text.set(path)
    const place = scan.exports.learnFold(path.length, kinds)
    if (place === 0) return false
    folds[(place - 1) >>> 5]! |= 1 << (place - 1)
  }
  cache.generation = state.routes.generation
  cache.paths = 0
  setFolds(cache)
  return true
}

function setFolds({ scan, folds, state }: ScannerCache): void {
  const hasFolds = state.routes.folds.size > 0
  scan.exports.setFolds(hasFolds ? 1 : 0)
  if (hasFolds) scan.folds.set(folds)
}

function closedTo({ routes }: AppState): number {
  if (hasNoRoom(routes, 200)) return CLOSED.toAll
  return hasNoRoom(routes, 404) ? CLOSED.to404 : CLOSED.toNone
}

function learnPaths(cache: ScannerCache): boolean {
  const { scan, state } = cache
  const { admitted } = state.routes
  for (; cache.paths < admitted.length; cache.paths += 1) {
    const { path } = admitted[cache.paths]!
    scan.text.set(path)
    if (scan.exports.learnPath(path.length) === 0) return false
  }
  return true
}

function learnDynos(cache: ScannerCache): boolean {
  const { scan, state } = cache
  const { procs } = state
  for (; cache.dynos < procs.size; cache.dynos += 1) {
    const name = procs.pool.subarray(procs.starts[cache.dynos], procs.starts[cache.dynos + 1])
    scan.text.set(name)
    if (scan.exports.learnDyno(name.length) === 0) return false
  }
  return true
}

const ANY = 0
const WORD = 4

/** Writes pins where the scanner reads them, at the end of what is there; gives the place. */
export function writePins({ pins: view, pinsAt }: ScanModule, from: number, pins: readonly Pin[]) {
  const words = pins.reduce((sum, { segments }) => sum + 2 + segments.length * 2, 1)
  const bytes = pins.flatMap(({ segments }) => segments).map((segment) => segment?.length ?? 0)
  const length = words * WORD + bytes.reduce((sum, n) => sum + n, 0)
  if (from + length > view.byteLength) return { at: NO_PINS_ROOM, end: from }
  let at = from
  let text = from + words * WORD
  const write = (value: number): void => {
    view.setUint32(at, value, true)
    at += WORD
  }
  write(pins.length)
  for (const { segments, isOpen } of pins) {
    write(segments.length)
    write(isOpen ? 1 : 0)
    for (const segment of segments) {
      write(segment === undefined ? ANY : pinsAt + text)
      write(segment?.length ?? 0)
      for (const byte of segment ?? []) view.setUint8(text++, byte)
    }
  }
  return { at: pinsAt + from, end: (from + length + WORD) & ~(WORD - 1) }
}
