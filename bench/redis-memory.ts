import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createAppWindows, releaseAccumulator } from '../src/aggregate/app-windows.ts'
import { countBody, createBodyReader } from '../src/aggregate/body.ts'
import { sharedScanner } from '../src/aggregate/scanner/scanner.ts'
import { createPacker } from '../src/codec/packer.ts'
import { commitArguments, packBatch } from '../src/store/redis/batch.ts'
import { createRedisClient } from '../src/store/redis/client.ts'
import { defineCommands } from '../src/store/redis/commands.ts'
import { createCompactor } from '../src/store/keyed/compactor.ts'
import { createValueFaults } from '../src/store/keyed/value-faults.ts'
import { createRoller } from '../src/store/keyed/roller.ts'
import { ID_TTL_S, appPrefix } from '../src/store/redis/keys.ts'
import { WIDTH_1M, WIDTH_10S, HOUR_MS } from '../src/model/window-reader.ts'
import { type CommitBody } from '../src/store/store.ts'
import { type DayOptions, bodyOfSecond } from './day.ts'
import { startBenchRedis } from './redis-process.ts'

/**
 * What Redis holds after a day of one app (100 requests/s, 8 dynos, 50 routes, default retention),
 * which has to fit the 25 MB of the smallest Heroku Redis. The day is played fast, second by second,
 * through the parser and the commit script; windows that would have expired by its end do expire.
 * Ids are those of the last forty minutes, at --frames a second.
 */
const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '24' },
    requests: { type: 'string', default: '100' },
    frames: { type: 'string', default: '100' },
    check: { type: 'boolean', default: false },
  },
})

const APP = 'shop'
const PREFIX = appPrefix(APP)
const LIMIT_MB = 25
const RETENTION_MS = 24 * 3_600_000
const MB = 2 ** 20
const day: DayOptions = { requests: Number(values.requests), dynos: 8, routes: 50 }
const framesPerSecond = Number(values.frames)

const redis = await startBenchRedis()
const client = createRedisClient({ urls: [redis.url], trustSelfSigned: false })
client.on('error', (error) => process.stderr.write(`${error}\n`))
while (client.status !== 'ready') await sleep(10)
const commands = defineCommands(client)
const warn = (details: object, text: string) =>
  process.stderr.write(`${text} ${JSON.stringify(details)}\n`)
const packer = createPacker()
const end = Date.now()
let now = end - Number(values.hours) * 3_600_000
const shared = {
  values: commands,
  faults: createValueFaults(warn),
  packer,
  now: () => now,
  retentionMs: RETENTION_MS,
  maxSeries: 10_000,
  warn,
}
const compactor = createCompactor(shared)
const roller = createRoller({ ...shared, compact: compactor.compact })
const windows = createAppWindows({ maxSeries: 10_000, maxRoutes: 200 })
const reader = createBodyReader(WIDTH_10S, sharedScanner())
const empty = await redis.usedMemory()
const cpuBefore = redis.cpuSeconds()
const began = performance.now()
let lines = 0

for (; now < end; now += 1000) {
  const { lines: count, deltas } = countBody(reader, windows, bodyOfSecond(day, now), now + 999)

  lines += count
  const frames: CommitBody[] = [{ id: undefined, deltas }]
  if (now > end - ID_TTL_S * 1000) {
    for (let i = 0; i < framesPerSecond; i += 1) {
      frames.push({ id: randomBytes(16).toString('hex'), deltas: [] })
    }
  }
  await commit(frames)
  for (const { acc } of deltas) releaseAccumulator(windows, acc)
}
const cpu = redis.cpuSeconds() - cpuBefore

now = end + 120_000
await sleep(5000)
// Here time runs too fast for a roll-up to come after the last fold into its windows.
for (let hour = end - (end % HOUR_MS) - 24 * HOUR_MS; hour < end - HOUR_MS; hour += HOUR_MS) {
  roller.found(PREFIX, hour, false, HOUR_MS / WIDTH_1M)
}
for (let before = NaN, keys = 0; keys !== before;) {
  before = keys
  await sleep(2000)
  keys = await client.dbsize()
}
await Promise.all([roller.close(), compactor.close()])
const used = (await redis.usedMemory()) - empty
const parts = await redis.memoryByKind()
process.stdout.write(
  `${lines} lines of ${values.hours} h in ${((performance.now() - began) / 1000).toFixed(0)} s, ` +
    `${windows.state.table.keys.length} series\n`,
)
for (const { kind, keys, bytes } of parts) {
  process.stdout.write(
    `  ${kind.padEnd(30)} ${String(keys).padStart(6)} keys ${(bytes / MB).toFixed(2).padStart(7)} MB\n`,
  )
}
process.stdout.write(
  `Redis holds ${(used / MB).toFixed(1)} MB more than empty, ${((used + empty) / MB).toFixed(1)} MB in all (at most ${LIMIT_MB}); ` +
    `${((cpu * 1e6) / lines).toFixed(2)} ms of its CPU per 1,000 lines, folds included\n`,
)
client.disconnect()
await redis.stop()
if (values.check && used + empty > LIMIT_MB * MB) process.exitCode = 1

async function commit(frames: readonly CommitBody[]): Promise<void> {
  const batch = packBatch(APP, PREFIX, frames, packer)
  const { keys, args } = commitArguments(batch, 'bench', now)
  const { log } = await commands.commit(keys, args)
  compactor.note(PREFIX, log, batch.packed.length)
}
