import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAppWindows } from '../../src/aggregate/app-windows.ts'
import { type Interval, createIntervals } from '../../src/aggregate/intervals.ts'
import { countOne, noteTime } from '../../src/model/accumulator.ts'
import { internSeries } from '../../src/model/series-table.ts'

const WIDTH = 10_000

/** Counts one line at each time, and gives [start, lines] in the order in which intervals closed. */
function closedBy(times: readonly number[], keep = 1): [number, number][] {
  const closed: [number, number][] = []
  const windows = createAppWindows({ maxSeries: 10, maxRoutes: 10 })
  const onClose = ({ start, acc }: Interval) => void closed.push([start, acc.classes[0]!])
  const intervals = createIntervals(windows, { widthMs: WIDTH, keep, onClose })
  for (const time of times) {
    const { acc } = intervals.at(time)
    acc.classes[0]! += 1
    noteTime(acc, time)
  }
  intervals.closeAll()
  return closed
}

describe('createIntervals', () => {
  test('closes an interval when the log has gone one further, and the rest in the end', () => {
    const closed: number[] = []
    const windows = createAppWindows({ maxSeries: 10, maxRoutes: 10 })
    const onClose = ({ start }: Interval) => void closed.push(start)
    const intervals = createIntervals(windows, { widthMs: WIDTH, keep: 1, onClose })
    intervals.at(1000)
    intervals.at(11_000)
    expect(closed).toEqual([])
    intervals.at(20_000)
    expect(closed).toEqual([0])
    intervals.closeAll()
    expect(closed).toEqual([0, 10_000, 20_000])
  })

  test('a line out of order goes into its own interval', () => {
    expect(closedBy([1000, 12_000, 9999, 13_000, 25_000, 19_999])).toEqual([
      [0, 2],
      [10_000, 3],
      [20_000, 1],
    ])
  })

  test('a line too old for that opens its interval again, which is told in the end', () => {
    expect(closedBy([1000, 31_000, 2000, 3000])).toEqual([
      [0, 1],
      [0, 2],
      [30_000, 1],
    ])
    expect(closedBy([1000, 31_000, 2000, 3000], 100)).toEqual([
      [0, 3],
      [30_000, 1],
    ])
  })

  test('of a log that goes back and names much, few are open at a time', () => {
    const windows = createAppWindows({ maxSeries: 30_000, maxRoutes: 10 })
    const series = Array.from({ length: 30_000 }, (_, i) =>
      internSeries(windows.table, { kind: 'count', name: `app/${i}`, unit: '', labels: [] }),
    )
    let lines = 0
    const onClose = ({ acc }: Interval) => void (lines += acc.classes[0]!)
    const intervals = createIntervals(windows, { widthMs: WIDTH, keep: 1, onClose })
    let most = 0
    for (let time = 1e12; time > 1e12 - 30 * WIDTH; time -= WIDTH) {
      const { acc } = intervals.at(time)
      acc.classes[0]! += 1
      for (const id of series) countOne(acc, id)
      most = Math.max(most, intervals.open().length)
    }
    expect(most).toBeLessThanOrEqual(10)
    intervals.closeAll()
    expect(lines).toBe(30)
  })

  test('lines before any time is known have an interval of their own', () => {
    expect(closedBy([NaN, 1000, NaN])).toEqual([
      [NaN, 2],
      [0, 1],
    ])
  })

  test('each line is in exactly one interval, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3_000_000 }), { maxLength: 400 }), (times) => {
        const counts = new Map<number, number>()
        for (const [start, lines] of closedBy(times)) {
          counts.set(start, (counts.get(start) ?? 0) + lines)
        }
        const expected = new Map<number, number>()
        for (const time of times) {
          const start = time - (time % WIDTH)
          expected.set(start, (expected.get(start) ?? 0) + 1)
        }
        expect(counts).toEqual(expected)
      }),
    )
  })
})
