import { type Accumulator, sample } from '../model/accumulator.ts'
import { type Line } from '../model/line.ts'
import { ascii, isExactly } from '../model/bytes.ts'
import { NO_NAME, internName } from '../parse/interner.ts'
import { nextPair } from '../parse/pairs.ts'
import { type Quantity, parseQuantity } from '../parse/quantity.ts'
import { type Addon, type AppState, seriesOf } from './app-state.ts'
import { labelSetOf, labelsOf, remember } from './convention.ts'
import { findPairs, refuse, samplesEnd } from './convention-matches.ts'
import { MAX_LABEL_SETS } from './convention-state.ts'

const ADDON = ascii('addon')
/** Each kind's keys stand apart, and above those of the app's own, so that one cache serves all. */
const FIRST_KEY = { postgres: 2 ** 16, pgbouncer: 2 * 2 ** 16, redis: 3 * 2 ** 16 }

/**
 * What add-ons print without a unit, by add-on and name: bytes (Heroku's "Heroku Postgres metrics
 * logs"), and PgBouncer's waits in seconds, query times in microseconds, traffic in bytes a second.
 */
const IMPLIED_UNITS = new Map([
  ['postgres/tmp-disk-used', { base: 'bytes', per: 1 }],
  ['postgres/tmp-disk-available', { base: 'bytes', per: 1 }],
  ['pgbouncer/max_wait', { base: 's', per: 1 }],
  ['pgbouncer/avg_query', { base: 's', per: 1e6 }],
  ['pgbouncer/avg_recv', { base: 'bytes', per: 1 }],
  ['pgbouncer/avg_sent', { base: 'bytes', per: 1 }],
])

/**
 * Measures a sample line of Heroku Postgres, PgBouncer or Redis (SPEC.md section 5):
 * `source=DATABASE addon=postgresql-curly-12345 sample#db_size=…bytes …`. Returns how many values
 * were taken, -1 when there were some and none could be.
 */
export function extractAddon(state: AppState, line: Line, acc: Accumulator, addon: Addon): number {
  const end = samplesEnd(line)
  if (end < 0) return 0
  findPairs(state, line, acc, end)
  const { found } = state.conventions
  if (found.values === 0) return 0
  findAddonName(state, line)
  const labelSet = labelSetOf(state, line.bytes)
  let taken = 0
  for (let i = 0; i < found.values; i += 1) {
    const meaning = found.meanings[i]!
    if (meaning.kind !== 'sample') continue
    if (line.cut && found.ends[i] === line.messageEnd) refuse(state, acc, 'cut')
    else if (!parseQuantity(line.bytes, found.starts[i]!, found.ends[i]!, state.quantity)) {
      refuse(state, acc, 'number')
    } else {
      imply(state.quantity, `${addon}/${meaning.name}`)
      const series = seriesFor(state, line, addon, found.keys[i]!, meaning.name, labelSet)
      sample(acc, series, state.quantity.value, line.time)
      taken += 1
    }
  }
  return taken === 0 ? -1 : taken
}

function imply(quantity: Quantity, name: string): void {
  const implied = quantity.unit === '' ? IMPLIED_UNITS.get(name) : undefined
  if (implied === undefined) return
  quantity.unit = implied.base
  quantity.value /= implied.per
}

/** `addon=` is a label on these lines only. */
function findAddonName(state: AppState, line: Line): void {
  const { pair, conventions } = state
  const { found } = conventions
  let at = nextPair(line.bytes, line.messageStart, line.messageEnd, pair)
  while (at >= 0) {
    if (isExactly(line.bytes, pair.keyStart, pair.keyEnd, ADDON) && pair.valueStart >= 0) {
      const key = internName(conventions.keys, ADDON_KEY, 0, ADDON_KEY.length)
      if (found.labels === found.labelKeys.length) return
      found.labelKeys[found.labels] = key
      found.labelNames[found.labels] = 'addon'
      found.labelStarts[found.labels] = pair.valueStart
      found.labelEnds[found.labels] = pair.valueEnd
      found.labels += 1
      return
    }
    at = nextPair(line.bytes, at, line.messageEnd, pair)
  }
}

const ADDON_KEY = ascii('tag#addon')

function seriesFor(
  state: AppState,
  line: Line,
  addon: Addon,
  key: number,
  name: string,
  labelSet: number,
): number {
  const { unit } = state.quantity
  const at = (FIRST_KEY[addon] + key) * MAX_LABEL_SETS + labelSet
  const { series } = state.conventions
  const isNumbered = key !== NO_NAME && labelSet !== NO_NAME
  const known = isNumbered ? series.get(at) : undefined
  if (known !== undefined) for (const one of known) if (one.unit === unit) return one.series
  const number = seriesOf(state, 'sample', `${addon}/${name}`, unit, labelsOf(state, line.bytes))
  if (isNumbered) remember(series, at, known, { unit, series: number })
  return number
}
