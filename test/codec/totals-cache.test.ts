import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Cell } from '../../src/model/cell.ts'
import { type Window, createWindow } from '../../src/model/window.ts'
import { PackedError } from '../../src/codec/byte-reader.ts'
import { addToPacked, sumAppendLog } from '../../src/store/keyed/append-log-merge.ts'
import { type TotalsCache, createTotalsCache, readAll } from '../../src/codec/totals-cache.ts'
import { dropGoneSamples } from '../../src/codec/totals.ts'
import { readAppendLog } from '../../src/codec/append-log.ts'
import { deflatePacked } from '../../src/codec/window.ts'
import { createPacker } from '../../src/codec/packer.ts'
import { SAMPLES_KEPT_MS, WIDTH_10S } from '../../src/model/window-reader.ts'
import { createYielder } from '../../src/codec/event-loop.ts'
import { type Act, accumulatorOf, arbitraryActs, plainWindow } from '../support/windows.ts'

const START = Date.UTC(2026, 10, 21, 12)
const END = START + 6 * WIDTH_10S
const MAX_SERIES = 6
const NOTHING = Buffer.alloc(0)
const packer = createPacker()

/** What Redis holds of the lifetime of an app. */
interface Stored {
  readonly folded: Buffer
  readonly pending: Buffer
}

type Step =
  | { readonly step: 'commit'; readonly acts: readonly Act[]; readonly slot: number }
  | { readonly step: 'fold' | 'merge'; readonly share: number; readonly isPlain: boolean }
  | { readonly step: 'drop'; readonly time: number }
  | { readonly step: 'lose'; readonly back: number }

/** Few series, values and times, so that they meet again. */
const arbitraryAct: fc.Arbitrary<Act> = fc
  .tuple(
    fc.constantFrom('count', 'measure', 'sample', 'unique', 'line'),
    fc.constantFrom('app/x', 'l2met/x'),
    fc.constantFrom('a', 'b', 'ä', '\ufffd', ''),
    fc.constantFrom(0, 1, 0.25, 7e9, -3),
    fc.nat(5),
  )
  .map(([kind, name, label, value, slot]): Act => {
    const time = START + slot * WIDTH_10S
    if (kind === 'line') return { act: 'line', time, result: slot, kind: slot }
    const labels = label === '' ? [] : [['n', label] as const]
    const series = { kind, name, unit: '', labels }
    return { act: 'value', series, value: kind === 'count' ? Math.abs(value) : value, time }
  })

const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constant('commit' as const),
      acts: fc.oneof(
        { weight: 3, arbitrary: fc.array(arbitraryAct, { maxLength: 8 }) },
        arbitraryActs(START, END),
      ),
      slot: fc.nat(2),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constantFrom('fold' as const, 'merge' as const),
      share: fc.constantFrom(0.5, 1),
      isPlain: fc.boolean(),
    }),
  },
  fc.record({ step: fc.constant('drop' as const), time: fc.integer({ min: START, max: END }) }),
  fc.record({ step: fc.constant('lose' as const), back: fc.nat(4) }),
)

/** Each with whether it is read after that. */
const arbitrarySteps = fc.array(fc.tuple(arbitraryStep, fc.boolean()), {
  minLength: 5,
  maxLength: 30,
})

/** What Redis holds after a step, as the folder and commits write it. */
async function stored(history: readonly Stored[], step: Step): Promise<Stored> {
  const now = history.at(-1)!
  const { folded, pending } = now
  const turns = createYielder()
  if (step.step === 'lose')
    return history.at(-1 - step.back) ?? { folded: NOTHING, pending: NOTHING }
  if (step.step === 'commit') {
    const start = START + step.slot * WIDTH_10S
    const entry = packer.packEntries(start, [accumulatorOf(step.acts)])
    return { folded, pending: Buffer.concat([pending, entry]) }
  }
  if (step.step === 'drop') {
    const window = readAll(folded, NOTHING, MAX_SERIES)
    dropGoneSamples(window, step.time + SAMPLES_KEPT_MS)
    return { folded: deflatePacked(packer.packWindow(window)), pending }
  }
  const ends = [0, ...readAppendLog(pending).entries.map(({ end }) => end)]
  const length = ends[Math.round(step.share * (ends.length - 1))]!
  const sum = await sumAppendLog(pending.subarray(0, length), 64, turns)
  const rest = pending.subarray(length)
  if (step.step === 'merge') {
    const parts: Buffer[] = []
    for (const [start, window] of sum.windows) {
      parts.push(await packer.packEntryInTurns(start, window, turns))
    }
    return { folded, pending: Buffer.concat([...parts, rest]) }
  }
  const before = folded.length === 0 ? undefined : folded
  const limits = { lifetime: true, maxSeries: MAX_SERIES }
  const window = await addToPacked(before, [...sum.windows.values()], sum.series, limits, turns)
  const packed = packer.packWindow(window)
  return { folded: step.isPlain ? packed : deflatePacked(packed), pending: rest }
}

function plainCells(cells: Iterable<readonly [string, Cell]>): unknown {
  return plainWindow({ ...createWindow(), cells: new Map(cells) })
}

describe('a lifetime window that is kept', () => {
  test('is what its bytes say, whatever was read before', async () => {
    await fc.assert(
      fc.asyncProperty(arbitrarySteps, async (steps) => {
        const kept = createTotalsCache(MAX_SERIES)
        const history: Stored[] = [{ folded: NOTHING, pending: NOTHING }]
        /** Cells that were given, and what they were then. */
        const given: { readonly cells: [string, Cell][]; readonly plain: unknown }[] = []
        let window: Window | undefined
        for (const [step, isRead] of steps) {
          history.push(await stored(history, step))
          if (!isRead) continue
          const { folded, pending } = history.at(-1)!
          const now = kept.read(folded, pending)
          if (folded.length + pending.length === 0) {
            expect(now).toBeUndefined()
            continue
          }
          expect(plainWindow(now!)).toEqual(plainWindow(readAll(folded, pending, MAX_SERIES)))
          window ??= now
          expect(now).toBe(window)
          given.push({ cells: [...now!.cells], plain: plainCells(now!.cells) })
        }
        for (const { cells, plain } of given) expect(plainCells(cells)).toEqual(plain)
      }),
      { numRuns: 300 },
    )
  })

  test('of which bytes were changed is refused when it would be anyway, and what was given stays', async () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 })
    const acts = fc.array(arbitraryAct, { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(
        acts,
        acts,
        acts,
        changes,
        fc.boolean(),
        async (a, b, c, bytes, isFolded) => {
          const good = await storedAs(a, b)
          const bad = await storedAs(c, b)
          const broken = isFolded ? bad.folded : bad.pending
          for (const [at, byte] of bytes) broken[at % broken.length] = byte
          const kept = createTotalsCache(MAX_SERIES)
          const window = kept.read(good.folded, good.pending)!
          const before = plainWindow(window)
          const now = tryTo(() => kept.read(bad.folded, bad.pending))
          expect(now === undefined).toBe(readFresh(bad) === undefined)
          if (now === undefined) expect(plainWindow(window)).toEqual(before)
          expect(plainWindow(kept.read(good.folded, good.pending)!)).toEqual(before)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('reads samples again when what their times are written against moved', async () => {
    const [kept, times] = [createTotalsCache(100), [START, START + WIDTH_10S]]
    for (const time of times) {
      const series = { kind: 'sample', name: 'app/x', unit: '', labels: [] } as const
      const acts: Act[] = [
        { act: 'line', time, result: 0, kind: 0 },
        { act: 'value', series, value: 7, time },
      ]
      const { folded, pending } = await storedAs(acts, [])
      expect(kept.read(folded, pending)!.cells.get('s\0app/x')).toMatchObject({ time })
    }
  })

  test('makes no cell again of which nothing came', async () => {
    const kept = createTotalsCache(100)
    const first = await storedAs([measured('a'), measured('c')], [measured('c')])
    const a = kept.read(first.folded, first.pending)!.cells.get('ms\0app/x\0n\0a')
    const second = await storedAs([measured('a'), measured('b'), measured('c')], [measured('b')])
    const { cells } = kept.read(second.folded, second.pending)!
    expect([...cells.keys()]).toHaveLength(3)
    expect(cells.get('ms\0app/x\0n\0a')).toBe(a)
    expect(kept.size()).toBeGreaterThan(first.folded.length + first.pending.length)
  })
})

function measured(n: string): Act {
  const series = { kind: 'measure', name: 'app/x', unit: 's', labels: [['n', n]] } as const
  return { act: 'value', series, value: 0.25, time: START }
}

/** What is stored when some was folded and some is pending. */
async function storedAs(folded: readonly Act[], pending: readonly Act[]): Promise<Stored> {
  const history: Stored[] = [{ folded: NOTHING, pending: NOTHING }]
  const steps: Step[] = [
    { step: 'commit', acts: folded, slot: 0 },
    { step: 'fold', share: 1, isPlain: true },
    { step: 'commit', acts: pending, slot: 1 },
  ]
  for (const step of steps) history.push(await stored(history, step))
  return history.at(-1)!
}

function readFresh({ folded, pending }: Stored): Window | undefined {
  return tryTo(() => readAll(folded, pending, MAX_SERIES))
}

function tryTo(read: () => ReturnType<TotalsCache['read']>): Window | undefined {
  try {
    return read()
  } catch (error) {
    expect(error).toBeInstanceOf(PackedError)
    return undefined
  }
}
