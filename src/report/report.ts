import { coverageRatio, understood } from '../model/coverage.ts'
import { LINE_CLASSES, LINE_RESULTS, type LineResult } from '../model/line.ts'
import { parseSeriesKey } from '../model/series.ts'
import { uniqueCount } from '../model/unique.ts'
import { MAX_EVENTS, type Window, type WindowEvent, sortEvents } from '../model/window.ts'
import { isoTime } from './iso-time.ts'
import {
  type DynoBuilder,
  type ReportBuilder,
  addCell,
  createReportBuilder,
} from './report-builder.ts'
import type { Coverage, DynoReport, Report, RouteReport } from './report-object.ts'
import { type Stats, statsOf } from './stats.ts'

/** A restart is said in up to three lines within a second or two; it is one event. */
const SAME_EVENT_MS = 2000

/** Summarises a window of one app. */
export function createReport(app: string, window: Window): Report {
  const builder = createReportBuilder()
  for (const [key, cell] of window.cells) addCell(builder, parseSeriesKey(key), cell)
  const seconds = Math.max(1, Math.round((window.last - window.first) * 1000) / 1e6 || 0)
  const count = total(builder.status)
  return {
    app,
    from: isoTime(window.first),
    to: isoTime(window.last),
    seconds,
    lines: linesOf(window),
    requests: {
      count,
      perSecond: count / seconds,
      peakPerSecond: busiest(window.seconds),
      status: byName(builder.status),
      methods: byName(builder.methods),
      errors: byName(builder.errors),
    },
    service: statsOf(builder.service),
    connect: statsOf(builder.connect),
    bytes: statsOf(builder.bytes),
    sessions: statsOf(builder.sessions),
    queue: statsOf(builder.queue),
    coverage: coverageOf(window, total(builder.dropped), builder.missing),
    routes: routesOf(builder),
    dynos: byName(new Map([...builder.dynos].map(([name, dyno]) => [name, dynoOf(dyno)]))),
    measure: measuresOf(builder),
    count: byName(builder.counts),
    sample: byName(
      new Map([...builder.samples].map(([name, { last, min, max }]) => [name, { last, min, max }])),
    ),
    unique: byName(
      new Map([...builder.uniques].map(([name, unique]) => [name, uniqueCount(unique)])),
    ),
    addons: byName(new Map([...builder.addons].map(([name, addon]) => [name, byName(addon)]))),
    events: collapse(window.events).map(({ time, kind, text }) => ({
      time: isoTime(time)!,
      kind,
      text,
    })),
    dropped: byName(builder.dropped),
  }
}

function coverageOf({ results }: Window, dropped: number, missing: number): Coverage {
  const of = (result: LineResult) => results[LINE_RESULTS.indexOf(result)]!
  return {
    ratio: coverageRatio(results, dropped + missing) ?? 1,
    counted: understood(results),
    late: of('late'),
    future: of('future'),
    malformed: of('malformed'),
    overLimit: of('over_limit'),
    dropped,
    missing,
  }
}

function dynoOf({ requests, service, memory, load, errors }: DynoBuilder): DynoReport {
  return {
    requests,
    service: statsOf(service),
    memory: byName(memory),
    load: byName(load),
    errors: byName(errors),
  }
}

function linesOf(window: Window): Record<string, number> {
  const entries = LINE_CLASSES.map((name, i) => [name, window.classes[i]!] as const)
  const read = entries.reduce((sum, [, n]) => sum + n, 0)
  return { read, ...Object.fromEntries(entries) }
}

function routesOf(builder: ReportBuilder): RouteReport[] {
  return [...builder.routes.values()]
    .toSorted((a, b) => b.count - a.count || (a.route < b.route ? -1 : 1))
    .map((row) => ({ ...row, service: statsOf(row.service) }))
}

/** By name; where one name has several units, the one with the most values has the plain name. */
function measuresOf(builder: ReportBuilder): Record<string, { readonly unit: string } & Stats> {
  const measures = new Map<string, { readonly unit: string } & Stats>()
  const rows = [...builder.measures.values()].toSorted(
    (a, b) => b.sketch.count - a.sketch.count || (a.unit < b.unit ? -1 : 1),
  )
  for (const { name, unit, sketch } of rows) {
    const stats = statsOf(sketch)
    if (stats === null) continue
    measures.set(measures.has(name) ? `${name} (${unit || 'no unit'})` : name, { unit, ...stats })
  }
  return byName(measures)
}

function collapse(events: readonly WindowEvent[]): WindowEvent[] {
  const lastOf = new Map<string, number>()
  const kept: WindowEvent[] = []
  for (const event of sortEvents(events)) {
    const same = `${event.kind} ${event.text}`
    const last = lastOf.get(same)
    lastOf.set(same, event.time)
    if (last === undefined || event.time - last > SAME_EVENT_MS) kept.push(event)
  }
  return kept.slice(-MAX_EVENTS)
}

function busiest(seconds: ReadonlyMap<number, number>): number {
  let most = 0
  for (const n of seconds.values()) if (n > most) most = n
  return most
}

// fromEntries defines own properties, so that a name like `__proto__` stays a name.
function byName<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function total(map: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const n of map.values()) sum += n
  return sum
}
