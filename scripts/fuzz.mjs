// npm run fuzz -- TARGET|all [--seconds N] [--seed N]
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
  },
})
const [target = 'all'] = positionals
const given = { target, seconds: Number(values.seconds), seed: Number(values.seed) }
const { status } = spawnSync('npx', ['vitest', 'run', 'test/fuzz', '--testTimeout=0'], {
  stdio: 'inherit',
  env: { ...process.env, FUZZ: JSON.stringify(given) },
})
process.exitCode = status ?? 1
