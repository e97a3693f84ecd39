import { describe, expect, test } from 'vitest'
import { corpusOf, fuzz, growthOf } from './fuzz.ts'
import { TARGETS } from './targets.ts'

/** `npm run fuzz -- TARGET --seconds N` gives another target, time and seed. */
const GIVEN = process.env['FUZZ']
const given =
  GIVEN === undefined
    ? undefined
    : (JSON.parse(GIVEN) as { target: string; seconds: number; seed: number })
const RUNS = 400
/** Repeated to twice this length, an input may take at most LINEAR times as long. */
const BYTES = 40_000
const LINEAR = 2.5
const TRIES = 5

const targets = Object.entries(TARGETS).filter(
  ([name]) => given === undefined || given.target === 'all' || given.target === name,
)

describe.each(targets)('%s', (name, target) => {
  test('throws nothing but what says what is wrong, whatever it is given', async () => {
    const end = performance.now() + (given?.seconds ?? 0) * 1000
    const isOver = (runs: number) => (given === undefined ? runs >= RUNS : performance.now() >= end)
    const runs = await fuzz(name, target, given?.seed ?? 1, isOver)
    if (given !== undefined) process.stdout.write(`${name}: ${runs} inputs, seed ${given.seed}\n`)
    expect(runs).toBeGreaterThan(0)
  })

  test('takes twice as long for twice as much', async () => {
    for (const piece of corpusOf(name, target)) {
      let growth = Infinity
      // A busy machine takes its time now and then; what is quadratic takes it always.
      for (let i = 0; i < TRIES && growth > LINEAR; i += 1)
        growth = Math.min(growth, await growthOf(target, piece, BYTES))
      expect(
        growth,
        `${name}, ${JSON.stringify(piece.toString('latin1').slice(0, 80))}`,
      ).toBeLessThanOrEqual(LINEAR)
    }
  })
})
