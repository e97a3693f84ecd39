// npm run chaos -- [--store redis|cluster|disk] [--seconds N] [--seed N] [--lines N] [--only FAULT] [--double]
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'redis' },
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    lines: { type: 'string', default: '2000' },
    only: { type: 'string', default: '' },
    double: { type: 'boolean', default: false },
  },
})
const options = {
  store: values.store,
  seconds: Number(values.seconds),
  seed: Number(values.seed),
  linesPerSecond: Number(values.lines),
  only: values.only,
  isDouble: values.double,
}
process.stdout.write(`seed ${options.seed}: the same --seed plans the same faults\n`)
const { status } = spawnSync(
  'npx',
  [
    'vitest',
    'run',
    'test/end-to-end/chaos.test.ts',
    '--testTimeout=0',
    '--disable-console-intercept',
  ],
  { stdio: 'inherit', env: { ...process.env, CHAOS: JSON.stringify(options) } },
)
process.exitCode = status ?? 1
