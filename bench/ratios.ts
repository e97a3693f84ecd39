import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** How many times better than its peer l2met is, by the name of the claim. */
export type Ratios = Record<string, number>

const BASELINE = join(import.meta.dirname, '../../bench/baseline.json')
const GROSS = 2

/**
 * Prints ratios beside the committed baseline. With `check`, a ratio that is less than half of its
 * baseline ends the process with 1: machines are noisy, twice as slow isn't noise.
 */
export function tellRatios(ratios: Ratios, check: boolean): void {
  const baseline = JSON.parse(readFileSync(BASELINE, 'utf8')) as Ratios
  console.log('\n| claim | ratio | baseline |\n|---|---:|---:|')
  for (const [name, ratio] of Object.entries(ratios)) {
    const base = baseline[name]
    const worse = base !== undefined && ratio * GROSS < base
    console.log(
      `| ${name} | ${ratio.toFixed(2)} | ${base?.toFixed(2) ?? '–'} |${worse ? ' worse' : ''}`,
    )
    if (worse && check) process.exitCode = 1
  }
}
