import { spawnSync } from 'node:child_process'
import { createReadStream, createWriteStream, mkdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { createMemoryCommitter } from '../src/ingest/memory-committer.ts'
import { createIntake } from '../src/ingest/intake.ts'
import { createMemoryStore } from '../src/store/memory/memory-store.ts'
import { textOf } from './log-lines.ts'
import { median } from './median.ts'

/*
 * How the cost of a line grows: with lines, series, apps and the span of the log that they cover.
 * `npm run bench:growth -- [--lines 1000000] [--runs 5]`; `--lines 10000000` takes a file of 2 GB.
 *   - l2met-local --json on files of 10,000 lines and more: seconds, ns a line, and MB of memory
 *   - the drain in this process, from body to committed window, without HTTP: CPU ns a line
 */
const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    runs: { type: 'string', default: '5' },
  },
})

const LOCAL = join(import.meta.dirname, '../../dist/bin/local.js')
const PEAK_MEMORY = join(import.meta.dirname, 'peak-memory.js')
const FOLDER = join(tmpdir(), 'l2met-bench')
/** A file of more lines is one of so many, again and again. */
const PIECE = 1_000_000
const LINES = 100_000
const LINES_OF_BODY = 100
const LIMITS = { maxSeries: 20_000, maxRoutes: 200, pins: [] }
const runs = Number(values.runs)

console.log('| lines of a file | seconds | ns a line | MB |\n|---:|---:|---:|---:|')
for (let lines = 10_000; lines <= Number(values.lines); lines *= 10) {
  const file = await fileOf(lines)
  const results = Array.from({ length: runs }, () => countFile(file))
  const seconds = median(results.map(({ seconds }) => seconds))
  const mib = Math.max(...results.map(({ mib }) => mib))
  row(lines, seconds.toFixed(2), ((seconds / lines) * 1e9).toFixed(0), mib.toFixed(0))
}

console.log('\n| series of an app | CPU ns a line |\n|---:|---:|')
for (const series of [10, 100, 1000, 10_000]) row(series, await cost({ series, apps: 1, span: 1 }))
console.log('\n| apps | CPU ns a line |\n|---:|---:|')
for (const apps of [1, 10, 100, 1000]) row(apps, await cost({ series: 100, apps, span: 1 }))
console.log('\n| windows of 10 s that the lines cover | CPU ns a line |\n|---:|---:|')
for (const span of [1, 10, 80]) row(span, await cost({ series: 100, apps: 1, span }))

function row(...cells: (string | number)[]): void {
  console.log(`| ${cells.join(' | ')} |`)
}

function countFile(file: string): { seconds: number; mib: number } {
  const args = ['--import', PEAK_MEMORY, LOCAL, file, '--json']
  const from = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const seconds = (performance.now() - from) / 1000
  if (status !== 0) throw new Error(`l2met-local failed: ${stderr}`)
  return { seconds, mib: Number(stderr.trim().split('\n').at(-1)) / 1024 }
}

async function fileOf(lines: number): Promise<string> {
  mkdirSync(FOLDER, { recursive: true })
  const path = join(FOLDER, `${lines}.log`)
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return path
  if (lines <= PIECE) {
    await pipeline(textOf({ lines }), createWriteStream(path))
    return path
  }
  const piece = await fileOf(PIECE)
  rmSync(path, { force: true })
  for (let i = 0; i < lines / PIECE; i += 1) {
    await pipeline(createReadStream(piece), createWriteStream(path, { flags: 'a' }))
  }
  return path
}

/** CPU ns a line, the median of several rounds after a first one that V8 warms up in. */
async function cost(given: { series: number; apps: number; span: number }): Promise<string> {
  const now = Math.floor(Date.now() / 60_000) * 60_000
  const store = createMemoryStore({ retentionMs: 86_400_000, now: () => now })
  const committer = createMemoryCommitter(store)
  const intake = createIntake({ ...LIMITS, store, committer })
  const bodies = bodiesOver(given, now)
  const results: number[] = []
  for (let round = 0; round <= runs; round += 1) {
    const before = process.cpuUsage()
    for (const [i, bytes] of bodies.entries()) {
      const app = `app-${i % given.apps}`
      await intake.take({ app, id: undefined, bytes, prefix: '', sourcePrefix: '' })
    }
    const { user, system } = process.cpuUsage(before)
    if (round > 0) results.push(((user + system) * 1000) / LINES)
  }
  await committer.stop(1000)
  await store.close()
  return median(results).toFixed(0)
}

/** Bodies whose lines go through the series in turn; each app gets its share of the bodies, in time order. */
function bodiesOver({ series, span }: { series: number; span: number }, now: number): Buffer[] {
  const bodies = LINES / LINES_OF_BODY
  let next = 0
  return Array.from({ length: bodies }, (_, i) => {
    const start = now - Math.floor((span * (bodies - 1 - i)) / bodies) * 10_000
    const parts: string[] = []
    for (let line = 0; line < LINES_OF_BODY; line += 1) {
      const time = new Date(start + line).toISOString().replace('Z', '000+00:00')
      next = (next + 1) % series
      const text = `<190>1 ${time} host app web.1 - measure#job.${next}.time=${(line % 90) + 10}ms\n`
      parts.push(`${text.length} ${text}`)
    }
    return Buffer.from(parts.join(''))
  })
}
