import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdirSync, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { longWayOf } from './long-way.ts'
import { median } from './median.ts'
import { PROFILES, type Profile, profileText } from './profiles.ts'
import { type Ratios, tellRatios } from './ratios.ts'

/**
 * l2met-local and its peers on one file of `--lines` lines of a `--profile`, in turn, `--runs` times:
 * medians of wall seconds, process start included, and how many times longer each peer takes. `--file`
 * takes a log that is there.
 */
const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    profile: { type: 'string', default: 'small' },
    file: { type: 'string' },
    runs: { type: 'string', default: '5' },
    check: { type: 'boolean', default: false },
  },
})

const PEERS = join(import.meta.dirname, '../../bench/peers')
const LOCAL = join(import.meta.dirname, '../../dist/bin/local.js')
const NAIVE = join(import.meta.dirname, 'peers/naive-local.js')

const profile = values.profile as Profile
if (!PROFILES.includes(profile)) throw new Error(`--profile is one of ${PROFILES.join(', ')}`)
const file = values.file ?? (await logOf(Number(values.lines)))
const all: [name: string, command: string[], stdin?: string][] = [
  ['l2met-local FILE', [process.execPath, LOCAL, file, '--json']],
  ['l2met-local < pipe', ['sh', '-c', `cat ${file} | ${process.execPath} ${LOCAL} --json`]],
  ['wc -l', ['wc', '-l', file]],
  ['pv -lq', ['pv', '-lq', file]],
  ['mawk print', ['mawk', '{print $10, $11, $12}', file]],
  ['mawk, same job', ['mawk', '-f', join(PEERS, 'router.awk'), file]],
  ['gawk, same job', ['gawk', '-f', join(PEERS, 'router.awk'), file]],
  ['split2 + regex', [process.execPath, NAIVE, file]],
  [
    'mtail, same job',
    ['mtail', '--one_shot', '--progs', join(PEERS, 'router.mtail'), '--logs', file],
  ],
]
const runs = all
  .filter(([, [program]]) => isThere(program!))
  .map(([name, command]) => {
    return { name, command, seconds: [] as number[] }
  })

for (let turn = 0; turn <= Number(values.runs); turn += 1) {
  for (const run of runs) {
    const seconds = timeOf(run.command)
    if (turn > 0) run.seconds.push(seconds)
  }
}

const own = median(runs[0]!.seconds)
const piped = median(runs[1]!.seconds)
console.log(`${values.lines} lines, median of ${values.runs} runs, wall seconds, in turn\n`)
console.log('| program | seconds | times l2met-local FILE |\n|---|---:|---:|')
for (const { name, seconds } of runs) {
  const time = median(seconds)
  console.log(`| ${name} | ${time.toFixed(3)} | ${(time / own).toFixed(2)} |`)
}
const ratios: Ratios = {}
// A short file is mostly the start of a program, and has ratios of its own.
const kind = profile === 'small' ? 'local' : `local ${profile}`
const claim = values.lines === '1000000' ? kind : `${kind}, ${values.lines} lines`
for (const { name, seconds } of runs.slice(2)) ratios[`${claim}: ${name}`] = median(seconds) / own
const mtail = ratios[`${claim}: mtail, same job`]
if (mtail !== undefined) ratios[`${claim}: mtail, from a pipe`] = mtail * (own / piped)
tellRatios(ratios, values.check)
if (values.file === undefined) {
  const counts = longWayOf(profile, 100_000)
  console.log(`\nlines that went the long way, of each 10,000: ${counts.join(', ')}`)
}

function timeOf([program, ...args]: string[]): number {
  const quiet = openSync('/dev/null', 'w')
  const from = performance.now()
  const { status, error } = spawnSync(program!, args, { stdio: ['ignore', quiet, quiet] })
  if (error !== undefined || status !== 0) throw new Error(`${program} failed`, { cause: error })
  return (performance.now() - from) / 1000
}

function isThere(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

async function logOf(lines: number): Promise<string> {
  const folder = join(tmpdir(), 'l2met-bench')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${profile}-${lines}.log`)
  if (existsSync(path)) return path
  const out = createWriteStream(path)
  for (const piece of profileText(profile, { lines }))
    if (!out.write(piece)) await once(out, 'drain')
  out.end()
  await once(out, 'close')
  return path
}
