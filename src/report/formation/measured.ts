import { createCounter } from '../../model/cell.ts'
import { type Gauge, createGauge } from '../../model/gauge.ts'
import { type Series, label, parseSeriesKey } from '../../model/series.ts'
import { createSketch } from '../../model/sketch.ts'
import { sumValue } from '../../model/sum.ts'
import { HOUR_MS, type SeriesSink, type WindowReader } from '../../model/window-reader.ts'
import { type Grid, createSteps, stepAt } from '../series-grid.ts'

/** The busiest minute, by Little's law: concurrency = requests/s x mean service time. */
export interface BusiestMinute {
  /** ISO 8601. */
  readonly time: string
  readonly requestsPerSecond: number
  readonly meanServiceSeconds: number
  /** Requests in service at a time, on average over the minute. */
  readonly concurrency: number
}

/** Memory of the dyno that had most of it. */
export interface PeakMemory {
  readonly dyno: string
  /** memory_rss, bytes. */
  readonly rss: number
}

export interface MeasuredApp {
  readonly from: string
  readonly to: string
  /** Minutes with at least one timed request, and those requests. */
  readonly minutes: number
  readonly requests: number
  readonly busiest: BusiestMinute | null
  readonly memory: PeakMemory | null
  readonly warnings: readonly MemoryWarning[]
}

export interface MemoryWarning {
  readonly kind: 'R14' | 'swap' | 'growth'
  readonly text: string
}

/** A growth that goes on for so many hours, and by so much of what it began with, hints at a leak. */
const LEAK_HOURS = 3
const LEAK_RATIO = 0.2
/** A dyno whose memory falls by so much has started anew. */
const RESTART_RATIO = 0.1
/** Dynos that a warning names. */
const MAX_NAMED = 3

interface DynoMemory {
  /** By hour since the grid's start. */
  readonly rss: Map<number, Gauge>
  readonly quota: Gauge
  readonly swap: Gauge
}

/**
 * Reads minutes of an app for advice on its formation: service times of all requests, and memory and
 * R14 errors of the dynos of one process type. Sessions have no service time, so they don't count.
 */
export function createFormationReader(
  grid: Grid,
  dynoType: string,
): { readonly reader: WindowReader; readonly measured: () => MeasuredApp } {
  const service = createSteps(grid, createSketch)
  const dynos = new Map<string, DynoMemory>()
  const overQuota = createCounter()
  const hourOf = (time: number) => Math.floor((time - grid.from) / HOUR_MS)

  const memoryOf = (dyno: string): DynoMemory => {
    let memory = dynos.get(dyno)
    if (memory === undefined) {
      memory = { rss: new Map(), quota: createGauge(), swap: createGauge() }
      dynos.set(dyno, memory)
    }
    return memory
  }

  const seriesSink = (key: string): readonly SeriesSink[] => {
    const series = parseSeriesKey(key)
    const { kind, name } = series
    if (kind === 'measure' && name === 'router/service')
      return [(start) => service.at(stepAt(grid, start))]
    if (!isOfType(series, dynoType)) return []
    const dyno = label(series, 'dyno')
    if (kind === 'count' && name === 'dyno/errors' && label(series, 'code') === 'R14')
      return [() => overQuota]
    if (kind !== 'sample') return []
    if (name === 'dyno/memory_rss') return [(start) => rssAt(memoryOf(dyno), hourOf(start))]
    if (name === 'dyno/memory_swap') return [() => memoryOf(dyno).swap]
    return name === 'dyno/memory_quota' ? [() => memoryOf(dyno).quota] : []
  }

  return {
    reader: { acceptsRollups: false, onHeader: () => {}, seriesSink },
    measured: () => {
      const minutes = service.map((sketch) => ({ count: sketch.count, sum: sumValue(sketch) }))
      const counts = minutes.map((minute) => minute?.count ?? 0)
      return {
        from: new Date(grid.from).toISOString(),
        to: new Date(Math.min(grid.to, grid.now)).toISOString(),
        minutes: counts.filter((count) => count > 0).length,
        requests: counts.reduce((all, count) => all + count, 0),
        busiest: busiestMinute(minutes, grid),
        memory: peakMemory(dynos),
        warnings: warningsOf(dynos, sumValue(overQuota)),
      }
    },
  }
}

/** `web.3` is of the process type `web`. */
function isOfType(series: Series, dynoType: string): boolean {
  return label(series, 'dyno').startsWith(`${dynoType}.`)
}

function rssAt({ rss }: DynoMemory, hour: number): Gauge {
  let gauge = rss.get(hour)
  if (gauge === undefined) rss.set(hour, (gauge = createGauge()))
  return gauge
}

function busiestMinute(
  minutes: readonly ({ readonly count: number; readonly sum: number } | null)[],
  grid: Grid,
): BusiestMinute | null {
  const seconds = grid.step / 1000
  let busiest: BusiestMinute | null = null
  for (const [i, minute] of minutes.entries()) {
    const start = grid.from + i * grid.step
    // A minute that isn't over says too little.
    if (minute === null || minute.count === 0 || start + grid.step > grid.now) continue
    const concurrency = minute.sum / seconds
    if (busiest !== null && concurrency <= busiest.concurrency) continue
    busiest = {
      time: new Date(start).toISOString(),
      requestsPerSecond: minute.count / seconds,
      meanServiceSeconds: minute.sum / minute.count,
      concurrency,
    }
  }
  return busiest
}

function peakMemory(dynos: ReadonlyMap<string, DynoMemory>): PeakMemory | null {
  let peak: PeakMemory | null = null
  for (const [dyno, { rss }] of dynos) {
    for (const { max } of rss.values())
      if (max > 0 && (peak === null || max > peak.rss)) peak = { dyno, rss: max }
  }
  return peak
}

function warningsOf(dynos: ReadonlyMap<string, DynoMemory>, overQuota: number): MemoryWarning[] {
  const warnings: MemoryWarning[] = []
  if (overQuota > 0)
    warnings.push({
      kind: 'R14',
      text: `dynos went over their memory quota: R14 was logged ${overQuota} times`,
    })
  const swapping = [...dynos].filter(([, { swap }]) => swap.max > 0)
  if (swapping.length > 0)
    warnings.push({
      kind: 'swap',
      text: `${swapping
        .map(([dyno]) => dyno)
        .slice(0, MAX_NAMED)
        .join(
          ', ',
        )}${swapping.length > MAX_NAMED ? ` and ${swapping.length - MAX_NAMED} more` : ''} used swap (up to ${megabytes(Math.max(...swapping.map(([, { swap }]) => swap.max)))}): slower, and rss shows less than they need`,
    })
  const growing = [...dynos]
    .map(([dyno, memory]) => ({ dyno, growth: growthOf(memory) }))
    .filter(({ growth }) => growth !== undefined)
    .toSorted((a, b) => b.growth!.perHour - a.growth!.perHour)
  const [worst] = growing
  if (worst !== undefined) {
    const { perHour, hours } = worst.growth!
    warnings.push({
      kind: 'growth',
      text: `${worst.dyno} grew by ${megabytes(perHour)} an hour for ${hours} hours without a fall: perhaps a leak`,
    })
  }
  return warnings
}

/** How a dyno's memory grew since it started, when it did so for hours. */
function growthOf({ rss }: DynoMemory): { perHour: number; hours: number } | undefined {
  const hours = [...rss].toSorted(([a], [b]) => a - b)
  let start = 0
  for (let i = 1; i < hours.length; i += 1) {
    if (hours[i]![1].last < hours[i - 1]![1].last * (1 - RESTART_RATIO)) start = i
  }
  // The first hour of a dyno is that of its start: it grows then without a leak.
  const first = hours[start + 1]
  const last = hours.at(-1)
  if (first === undefined || last === undefined) return undefined
  const span = last[0] - first[0]
  if (span < LEAK_HOURS || last[1].last < first[1].last * (1 + LEAK_RATIO)) return undefined
  return { perHour: (last[1].last - first[1].last) / span, hours: span }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`
}
