import { createAppWindows } from '../src/aggregate/app-windows.ts'
import { createTextScan } from '../src/aggregate/scanner/scan-text.ts'
import { sharedScanner } from '../src/aggregate/scanner/scanner.ts'
import { createTextCounter } from '../src/aggregate/text.ts'
import { createAccumulator } from '../src/model/accumulator.ts'
import { type Profile, profileText } from './profiles.ts'

/** How many of each 10,000 lines of a profile the scanner left to the long way, one after the other. */
export function longWayOf(profile: Profile, lines: number): number[] {
  const scanner = sharedScanner()
  if (scanner === undefined) throw new Error('there is no scanner')
  const { exports } = scanner.module
  const { state } = createAppWindows({ maxSeries: 10_000, maxRoutes: 200 })
  const span = { acc: createAccumulator(state.table), start: -Infinity, end: Infinity }
  const counter = createTextCounter(state, Date.now())
  const scan = createTextScan(
    scanner,
    counter,
    () => span,
    () => {},
  )
  const counts: number[] = []
  let read = 0
  let before = exports.linesCounted()
  for (const piece of profileText(profile, { lines })) {
    const bytes = Buffer.from(piece)
    scan.count(bytes, 0, bytes.length)
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) read += 1
    if (read % SLICE !== 0 || counts.length * SLICE === read) continue
    const scanned = exports.linesCounted()
    counts.push(SLICE - (scanned - before))
    before = scanned
  }
  return counts
}

const SLICE = 10_000
