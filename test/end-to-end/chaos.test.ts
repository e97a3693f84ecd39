import { expect, test } from 'vitest'
import { type ChaosOptions, runChaos } from '../support/chaos/run.ts'
import { noRedis } from '../support/redis.ts'

/** `npm run chaos` runs other seeds, for longer. */
const GIVEN = process.env['CHAOS']
const OPTIONS: readonly ChaosOptions[] =
  GIVEN === undefined
    ? [
        { seed: 1, seconds: 20, store: 'redis' },
        { seed: 1, seconds: 10, store: 'disk' },
      ]
    : [JSON.parse(GIVEN) as ChaosOptions]

test.skipIf(noRedis !== undefined).each(OPTIONS)(
  'under faults of seed $seed ($store) the ledger is right to the line',
  async (options) => {
    const start = Date.now()
    const report = (text: string) => {
      const seconds = Math.round((Date.now() - start) / 1000)
      if (GIVEN !== undefined) process.stdout.write(`${seconds} s: ${text}\n`)
    }
    const { differences, ...result } = await runChaos({ ...options, report })
    report(JSON.stringify({ ...options, ...result, faults: Object.fromEntries(result.faults) }))
    for (const text of differences) report(text)
    if (options.isDouble === true) {
      expect(result.lost).toBeLessThanOrEqual(result.bound)
      expect(result.twice).toBe(0)
      return
    }
    expect(differences).toEqual([])
    expect({ lost: result.lost, twice: result.twice }).toEqual({ lost: 0, twice: 0 })
    expect(result.lines).toBeGreaterThan(0)
  },
)
