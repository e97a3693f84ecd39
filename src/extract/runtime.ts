import { type Accumulator, sample } from '../model/accumulator.ts'
import type { Line } from '../model/line.ts'
import { ascii, findByte, isExactly, startsWith } from '../model/bytes.ts'
import { parseQuantity } from '../parse/quantity.ts'
import { type AppState, type Dyno, dynoNamed, seriesOf } from './app-state.ts'
import { findPairs, refuse, samplesEnd } from './convention-matches.ts'
import { hasOldMeasure, viewOf } from './convention-view.ts'

const DOT = 46
const HEROKU = ascii('heroku')
const SOURCE = ascii('source=')

const NAMES = new Set(
  [
    ['load_avg_1m', 'load_avg_5m', 'load_avg_15m'],
    ['memory_total', 'memory_rss', 'memory_cache', 'memory_swap', 'memory_quota'],
    ['memory_pgpgin', 'memory_pgpgout'],
  ].flat(),
)

/**
 * Measures a line of log-runtime-metrics (SPEC.md section 3): `source=web.1 dyno=heroku.1.<uuid>
 * sample#memory_rss=21.22MB …`. The dyno is named by `source=`; `dyno=` names an instance. Returns
 * how many values were taken, -1 when there were some and none could be.
 */
export function extractRuntime(state: AppState, from: Line, acc: Accumulator): number {
  if (samplesEnd(from) < 0) return 0
  // `source=heroku.1.web.1.<uuid> measure=load_avg_1m val=0.00`, as in 2013.
  const line = hasOldMeasure(from) ? viewOf(from) : from
  const end = samplesEnd(line)
  findPairs(state, line, acc, end)
  const { found } = state.conventions
  if (found.values === 0) return 0
  const dyno = dynoOf(state, line)
  let taken = 0
  let foreign = 0
  for (let i = 0; i < found.values; i += 1) {
    const series = seriesFor(state, dyno, found.meanings[i]!.name)
    if (series < 0) foreign += 1
    else if (take(state, line, acc, i, series)) taken += 1
  }
  return taken === 0 && foreign < found.values ? -1 : taken
}

/** Whether a line is one of log-runtime-metrics, though it was cut before its samples. */
export function beginsAsRuntime({ bytes, messageStart, messageEnd }: Line): boolean {
  return startsWith(bytes, messageStart, messageEnd, SOURCE)
}

/** The series of the sample `name` on the line whose pairs were found last; -1 for none. */
export function sampleSeriesFor(state: AppState, line: Line, name: string): number {
  return seriesFor(state, dynoOf(state, line), name)
}

function take(state: AppState, line: Line, acc: Accumulator, i: number, series: number): boolean {
  const { found } = state.conventions
  const end = found.ends[i]!
  if (line.cut && end === line.messageEnd) refuse(state, acc, 'cut')
  else if (!parseQuantity(line.bytes, found.starts[i]!, end, state.quantity)) {
    refuse(state, acc, 'number')
  } else {
    sample(acc, series, state.quantity.value, line.time)
    return true
  }
  return false
}

/** `source=web.1`; else, and for the `source=heroku.1.web.1.<uuid>` of 2013, the procid. */
function dynoOf(state: AppState, line: Line): Dyno {
  const { found } = state.conventions
  for (let i = 0; i < found.labels; i += 1) {
    if (found.labelNames[i] !== 'source') continue
    const start = found.labelStarts[i]!
    const dot = findByte(line.bytes, DOT, start, found.labelEnds[i]!)
    if (dot > 0 && isExactly(line.bytes, start, dot, HEROKU)) continue
    return dynoNamed(state, line.bytes, start, found.labelEnds[i]!)
  }
  return dynoNamed(state, line.bytes, line.procStart, line.procEnd)
}

/** The series of a sample of a dyno, or -1 for a name that runtime metrics don't have. */
function seriesFor(state: AppState, { gaugeName, samples }: Dyno, name: string): number {
  const known = samples.get(name)
  if (known !== undefined) return known
  if (!NAMES.has(name)) return -1
  const number = seriesOf(state, 'sample', `dyno/${name}`, unitOf(name), [['dyno', gaugeName]])
  samples.set(name, number)
  return number
}

function unitOf(name: string): string {
  if (name.startsWith('load')) return ''
  return name.startsWith('memory_pg') ? 'pages' : 'bytes'
}
