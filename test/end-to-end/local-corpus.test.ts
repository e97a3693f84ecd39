import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Report } from '../../src/report/report-object.ts'
import { runLocal } from '../support/local-program.ts'
import { findProgram } from '../support/programs.ts'

const BULK = join(import.meta.dirname, '../../../shared/heroku/corpus/bulk-router-2014.log')
const awk = findProgram('awk')

/** Counts by a field, by other means than ours. */
function awkCounts(field: string): Record<string, number> {
  const program = `{ for (i = 1; i <= NF; i++) if (index($i, "${field}=") == 1) { v = substr($i, ${field.length + 2}); c[v]++ } }
    END { for (v in c) print v, c[v] }`
  const text = execFileSync(awk.path!, [program, BULK], { encoding: 'utf8' })
  const pairs = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ') as [string, string])
  return Object.fromEntries(pairs.map(([value, n]) => [value, Number(n)]))
}

/** The exact quantile by nearest rank. */
function exactQuantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(q * sorted.length) - 1]!
}

describe.skipIf(!existsSync(BULK) || awk.path === undefined)('6,000 real router lines', () => {
  test('counts equal those of awk, percentiles an exact sort within 1.1 %', async () => {
    const { code, stdout } = await runLocal(['--json', BULK])
    const report = JSON.parse(stdout) as Report
    expect(code).toBe(0)
    expect(report.lines).toMatchObject({ read: 6000, router: 6000, malformed: 0 })
    expect(report.requests.count).toBe(6000)
    // Its API takes words in no position.
    expect(report.routes.filter(({ route }) => /:slug|other/.test(route))).toEqual([])
    expect(report.requests.status).toEqual(awkCounts('status'))
    expect(report.requests.methods).toEqual(awkCounts('method'))
    const dynos = Object.entries(report.dynos).map(([name, { requests }]) => [name, requests])
    expect(Object.fromEntries(dynos)).toEqual(awkCounts('dyno'))

    const text = readFileSync(BULK, 'latin1')
    for (const field of ['service', 'connect', 'bytes'] as const) {
      const found = text.matchAll(new RegExp(` ${field}=(\\d+)`, 'g'))
      const scale = field === 'bytes' ? 1 : 1000
      const values = [...found].map((match) => Number(match[1]) / scale)
      const stats = report[field]!
      expect(stats.count).toBe(values.length)
      expect(stats.min).toBe(Math.min(...values))
      expect(stats.max).toBe(Math.max(...values))
      expect(stats.mean).toBeCloseTo(values.reduce((sum, v) => sum + v, 0) / values.length, 9)
      for (const [name, q] of [
        ['p50', 0.5],
        ['p95', 0.95],
        ['p99', 0.99],
      ] as const) {
        const exact = exactQuantile(values, q)
        expect(Math.abs(stats[name] - exact)).toBeLessThanOrEqual(0.011 * exact)
      }
    }
  })

  test('a pipe and intervals count the same', async () => {
    const piped = await runLocal(['--json'], { stdin: readFileSync(BULK) })
    const read = await runLocal(['--json', BULK])
    expect(piped.stdout).toBe(read.stdout)
    for (const input of [{ args: [BULK] }, { args: [], stdin: readFileSync(BULK) }]) {
      const { stdout } = await runLocal(['--json', '--interval', '10s', ...input.args], input)
      const reports = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Report)
      expect(reports.reduce((sum, { requests }) => sum + requests.count, 0)).toBe(6000)
    }
  })
})
