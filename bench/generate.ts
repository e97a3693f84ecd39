import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { addEntry, createTotals, totalsOf } from '../src/demo/entry.ts'
import { type LogOptions, bodiesOf, textOf } from './log-lines.ts'

const HELP = `Writes lines of a modelled Heroku app, the same for the same seed.

node dist-bench/bench/generate.js [--lines 1000000] [--format text|bodies] [--seed 1]
                                  [--start 2026-11-20T10:00:00Z] [--rate 100] [--out FILE] [--totals]

text    as \`heroku logs\` prints it
bodies  bodies of drain requests, each behind its length in 4 bytes, big-endian

--rate    requests per second of log time
--totals  what should be counted, as JSON on stderr
`

const { values } = parseArgs({
  options: {
    lines: { type: 'string', default: '1000000' },
    format: { type: 'string', default: 'text' },
    seed: { type: 'string', default: '1' },
    start: { type: 'string', default: '2026-11-20T10:00:00Z' },
    rate: { type: 'string', default: '100' },
    out: { type: 'string' },
    totals: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help || !['text', 'bodies'].includes(values.format)) process.stdout.write(HELP)
else {
  const totals = createTotals()
  const options: LogOptions = {
    lines: Number(values.lines),
    seed: Number(values.seed),
    start: Date.parse(values.start),
    requestsPerSecond: Number(values.rate),
    ...(values.totals ? { onEntry: (entry) => addEntry(totals, entry) } : {}),
  }
  const source = values.format === 'text' ? textOf(options) : lengthPrefixed(options)
  const out: Writable = values.out === undefined ? process.stdout : createWriteStream(values.out)
  // Who reads stdout may have had enough: `… | head`.
  await pipeline(source, out).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  if (values.totals) {
    const sums = [...totals.keys()].map((kind) => [
      kind,
      Object.fromEntries(totalsOf(totals, kind)),
    ])
    process.stderr.write(`${JSON.stringify(Object.fromEntries(sums))}\n`)
  }
}

function* lengthPrefixed(options: LogOptions): Generator<Buffer> {
  for (const { bytes } of bodiesOf(options)) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    yield Buffer.concat([length, bytes])
  }
}
