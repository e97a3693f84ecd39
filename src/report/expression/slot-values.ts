import type { Counter } from '../../model/cell.ts'
import { DROPPED, MISSING, coverageRatio } from '../../model/coverage.ts'
import type { Gauge } from '../../model/gauge.ts'
import { LINE_RESULTS } from '../../model/line.ts'
import { type Series, label } from '../../model/series.ts'
import { type Sketch, createSketch, mergeSketch, quantile } from '../../model/sketch.ts'
import { sumValue } from '../../model/sum.ts'
import type { Expression } from './expression.ts'

/** What one window holds of what expressions ask for. */
export interface Slot {
  readonly counts: Map<string, Counter>
  readonly sketches: Map<string, Sketch>
  readonly gauges: Map<string, Gauge>
  readonly results: Float64Array
}

export function createSlot(): Slot {
  return {
    counts: new Map(),
    sketches: new Map(),
    gauges: new Map(),
    results: new Float64Array(LINE_RESULTS.length),
  }
}

/** Names of the sums that an expression needs, as partsOf returns them. */
export function needsOf({ metric, code, route, dyno }: Expression): string[] {
  const of = (name: string) =>
    route !== undefined ? `${name}\0${route}` : dyno !== undefined ? `${name}@${dyno}` : name
  switch (metric) {
    case 'count':
    case 'requests':
    case 'rps':
      return [of('requests')]
    case 'errors':
      return [of('failed')]
    case 'error-rate':
      return [of('failed'), of('requests')]
    case 'code':
      return [of(`code ${code}`)]
    case 'memory':
      return ['memory', 'quota']
    case 'swap':
      return ['swap']
    case 'coverage':
      return ['lost']
    case 'silent':
      return []
    default:
      return [of(metric.startsWith('queue-') ? 'queue' : 'service')]
  }
}

/** The sums that a series is a part of: of all, of its route, of its dyno. */
export function partsOf(series: Series): string[] {
  const route = label(series, 'route')
  const dyno = label(series, 'dyno')
  const code = label(series, 'code')
  switch (series.name) {
    case 'router/service':
      return ['service', `service@${dyno}`]
    case 'route/service':
      return [`service\0${route}`]
    case 'router/requests':
      return ['requests', `requests@${dyno}`]
    case 'route/requests':
      return [`requests\0${route}`]
    case 'route/failed':
      return ['failed', `failed\0${route}`]
    case 'router/errors':
      return [`code ${code}`]
    case 'route/errors':
      return [`code ${code}\0${route}`]
    case 'dyno/request_errors':
      return [`code ${code}@${dyno}`]
    case 'dyno/errors':
      return [`code ${code}`, `code ${code}@${dyno}`]
    case DROPPED:
      return ['lost', `code ${code}`]
    case MISSING:
      return ['lost']
    case 'router/queue':
      return ['queue']
    case 'dyno/memory_total':
      return ['memory']
    case 'dyno/memory_quota':
      return ['quota']
    case 'dyno/memory_swap':
      return ['swap']
    default:
      return []
  }
}

/** The value over [from, to); null where there is nothing to judge by. Counts of nothing are 0. */
export function valueOf(
  expression: Expression,
  all: ReadonlyMap<number, Slot>,
  from: number,
  to: number,
): number | null {
  const slots = [...all].filter(([start]) => start >= from && start < to).map(([, slot]) => slot)
  const [first = '', second = ''] = needsOf(expression)
  const count = (name: string) =>
    slots.reduce((sum, { counts }) => sum + sumOf(counts.get(name)), 0)
  const { metric } = expression
  switch (metric) {
    case 'count':
    case 'requests':
    case 'errors':
    case 'code':
      return count(first)
    case 'rps':
      return count(first) / ((to - from) / 1000)
    case 'error-rate': {
      const requests = count(second)
      return requests === 0 ? null : count(first) / requests
    }
    case 'memory':
    case 'swap':
      return worstOf(expression, slots)
    case 'coverage':
      return coverageOf(slots, count(first))
    default:
      return distributionValue(metric, slots, first)
  }
}

function sumOf(counter: Counter | undefined): number {
  return counter === undefined ? 0 : sumValue(counter)
}

function distributionValue(metric: string, slots: readonly Slot[], name: string): number | null {
  const sum = createSketch()
  for (const { sketches } of slots) {
    const sketch = sketches.get(name)
    if (sketch !== undefined) mergeSketch(sum, sketch)
  }
  if (sum.count === 0) return null
  if (metric === 'min' || metric === 'max') return sum[metric]
  if (metric === 'mean') return sumValue(sum) / sum.count
  return quantile(sum, Number(metric.slice(-2)) / 100) ?? null
}

/** The greatest value of any dyno, or its greatest share of its own quota. */
function worstOf(
  { metric, dyno, isShareOfQuota }: Expression,
  slots: readonly Slot[],
): number | null {
  const values = greatestByDyno(slots, metric, dyno)
  const quotas = isShareOfQuota ? greatestByDyno(slots, 'quota', dyno) : undefined
  let worst: number | null = null
  for (const [name, value] of values) {
    const quota = quotas === undefined ? 1 : quotas.get(name)
    if (quota === undefined || quota <= 0) continue
    worst = Math.max(worst ?? -Infinity, value / quota)
  }
  return worst
}

function greatestByDyno(
  slots: readonly Slot[],
  name: string,
  only: string | undefined,
): Map<string, number> {
  const greatest = new Map<string, number>()
  for (const { gauges } of slots) {
    for (const [key, { max }] of gauges) {
      const [metric, dyno = ''] = key.split('\0')
      if (metric !== name || (only !== undefined && dyno !== only)) continue
      greatest.set(dyno, Math.max(greatest.get(dyno) ?? -Infinity, max))
    }
  }
  return greatest
}

function coverageOf(slots: readonly Slot[], lost: number): number | null {
  const sum = new Float64Array(LINE_RESULTS.length)
  for (const { results } of slots) addCounts(sum, results)
  return coverageRatio(sum, lost)
}

export function addCounts(into: Float64Array, counts: Float64Array): void {
  for (let i = 0; i < counts.length; i += 1) into[i]! += counts[i]!
}
