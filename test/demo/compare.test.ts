import { describe, expect, test } from 'vitest'
import { compare, comparisonTable, expectationsOf } from '../../src/demo/compare.ts'
import { createTotals } from '../../src/demo/entry.ts'
import { parseMetrics } from '../../src/demo/metrics-page.ts'

const PAGE = String.raw`# HELP a_total A "help" text.
# TYPE a_total counter
a_total{app="shop",path="x\"y\\z\n}"} 3
a_total{app="shop",path="other"} 4 1700000000000
a_total{app="blog"} 100
b_seconds_sum 1.5e-3
`

describe('a page in text format', () => {
  const page = parseMetrics(PAGE)

  test('is summed by name and labels', () => {
    expect(page.sum('a_total', { app: 'shop' })).toBe(7)
    expect(page.sum('a_total', { path: 'x"y\\z\n}' })).toBe(3)
    expect(page.sum('a_total', { app: /^(shop|blog)$/ })).toBe(107)
    expect(page.sum('b_seconds_sum', {})).toBe(0.0015)
    expect(page.sum('missing', {})).toBe(0)
  })
})

/** What /metrics says after so many lines in frames of ten. */
function pageAfter(lines: number) {
  return parseMetrics(
    `l2met_lines_total{app="shop",result="counted"} ${lines}\n` +
      `l2met_bodies_total{app="shop",result="committed"} ${lines / 10}\n` +
      `l2met_lines_total{app="other",result="counted"} 999\n`,
  )
}

describe('the comparison', () => {
  const delivery = {
    totals: createTotals(),
    frames: 2,
    lines: 30,
    retries: 0,
    droppedLines: 0,
    fault: '',
  }
  test('goes by the increase', () => {
    const rows = compare(expectationsOf(delivery), 'shop', pageAfter(10), pageAfter(40))
    const [lines, frames] = rows
    expect(lines).toMatchObject({ what: 'lines', sent: 30, counted: 30, isSame: true })
    expect(frames).toMatchObject({ what: 'frames', sent: 2, counted: 3, isSame: false })
  })

  test('says in a table what differs', () => {
    const rows = compare(expectationsOf(delivery), 'shop', pageAfter(10), pageAfter(40)).slice(0, 2)
    expect(comparisonTable(rows).split('\n')).toEqual([
      '        sent   /metrics                                counted',
      'lines     30   l2met_lines_total                            30  ok',
      'frames     2   l2met_bodies_total{result="committed"}        3  differs',
    ])
  })
})
