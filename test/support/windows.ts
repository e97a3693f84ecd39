import * as fc from 'fast-check'
import {
  type Accumulator,
  addEvent,
  countSecond,
  countValue,
  createAccumulator,
  measure,
  measureMillis,
  noteTime,
  sample,
  seeUnique,
} from '../../src/model/accumulator.ts'
import type { Cell } from '../../src/model/cell.ts'
import { LINE_CLASSES, LINE_RESULTS } from '../../src/model/line.ts'
import { type Kind, type Series, cleanText } from '../../src/model/series.ts'
import { type SeriesTable, createSeriesTable, internSeries } from '../../src/model/series-table.ts'
import { bucketEntries } from '../../src/model/bucket-counts.ts'
import type { Window, WindowEvent } from '../../src/model/window.ts'

/** One thing done to an accumulator. */
export type Act =
  | {
      readonly act: 'value'
      readonly series: Series
      readonly value: number
      readonly time: number
    }
  | { readonly act: 'line'; readonly time: number; readonly result: number; readonly kind: number }
  | { readonly act: 'event'; readonly event: WindowEvent }

/** A window as plain values that can be compared. */
export function plainWindow(window: Window): Record<string, unknown> {
  return {
    first: window.first,
    last: window.last,
    classes: [...window.classes],
    results: [...window.results],
    seconds: [...window.seconds].toSorted(([a], [b]) => a - b),
    events: window.events,
    cells: [...window.cells]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, cell]) => [key, plainCell(cell)]),
  }
}

export function perform(acc: Accumulator, acts: readonly Act[]): Accumulator {
  for (const act of acts) {
    if (act.act === 'event') addEvent(acc, act.event)
    else if (act.act === 'line') {
      noteTime(acc, act.time)
      countSecond(acc, act.time)
      acc.results[act.result]! += 1
      acc.classes[act.kind]! += 1
    } else addValue(acc, internSeries(acc.table, act.series), act.series.kind, act.value, act.time)
  }
  return acc
}

export function accumulatorOf(
  acts: readonly Act[],
  table: SeriesTable = createSeriesTable(10_000),
): Accumulator {
  return perform(createAccumulator(table), acts)
}

/** Acts with times (ms) of at least `from` and less than `to`. */
export function arbitraryActs(from: number, to: number, size?: fc.SizeForArbitrary) {
  return fc.array(arbitraryAct(from, to), size === undefined ? {} : { size })
}

/** Text as strangers write it, made safe as series are. */
export const nastyText = fc
  .oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '__proto__',
      'a{b}',
      '}{',
      '\u{1f600}',
      'constructor',
      '"\\',
      '*',
      '',
      '0',
      ' ',
    ),
  )
  .map(cleanText)

function arbitraryAct(from: number, to: number): fc.Arbitrary<Act> {
  const time = fc.integer({ min: from * 1000, max: to * 1000 - 1 }).map((micros) => micros / 1000)
  return fc.oneof(
    { weight: 6, arbitrary: arbitraryValue(time) },
    {
      weight: 2,
      arbitrary: fc.record({
        act: fc.constant('line' as const),
        time,
        result: fc.nat(LINE_RESULTS.length - 1),
        kind: fc.nat(LINE_CLASSES.length - 1),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        act: fc.constant('event' as const),
        event: fc.record({
          time,
          kind: fc.constantFrom('release', 'scale', 'crash', 'restart', 'error'),
          text: nastyText,
        }),
      }),
    },
  )
}

function arbitraryValue(time: fc.Arbitrary<number>): fc.Arbitrary<Act> {
  const series = fc.record({
    kind: fc.constantFrom<Kind>('count', 'measure', 'sample', 'unique'),
    name: fc.constantFrom('router/service', 'app/x', 'route/requests'),
    unit: fc.constantFrom('', 's', 'bytes'),
    labels: fc.array(fc.tuple(fc.constantFrom('a', 'b'), nastyText), { maxLength: 1 }),
  })
  const value = fc.oneof(
    fc.integer({ min: 0, max: 60_000 }).map((millis) => millis / 1000),
    fc.nat(100_000),
    fc.nat(100_000).map((n) => (n / 100) * 2 ** 20),
    fc.double({ min: -(2 ** 40), max: 2 ** 40, noNaN: true }),
  )
  return fc.record({ act: fc.constant('value' as const), series, value, time })
}

function addValue(acc: Accumulator, id: number, kind: Kind, value: number, time: number): void {
  if (kind === 'count') countValue(acc, id, value)
  else if (kind === 'sample') sample(acc, id, value, time)
  else if (kind === 'unique') seeUnique(acc, id, Math.floor(Math.abs(value) * 4096) % 2 ** 52)
  else if (value >= 0 && Number.isInteger(value)) measureMillis(acc, id, value)
  else measure(acc, id, value)
}

function plainCell(cell: Cell): unknown {
  if (cell.kind === 'count') return [cell.high, cell.low]
  if (cell.kind === 'sample') return [cell.time, cell.last, cell.min, cell.max]
  if (cell.kind === 'unique') {
    return [[...cell.hashes].toSorted((a, b) => a - b), cell.registers && [...cell.registers]]
  }
  const { count, zeros, high, low, min, max, positive, negative } = cell
  const buckets = [[...bucketEntries(negative)], [...bucketEntries(positive)]]
  return [count, zeros, high, low, min, max, buckets]
}
