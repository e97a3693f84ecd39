import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSeriesTable } from '../../../src/model/series-table.ts'
import { type Window, createWindow } from '../../../src/model/window.ts'
import { sumAppendLog, windowsOf } from '../../../src/store/redis/append-log-merge.ts'
import {
  type OwnDeltaCache,
  createOwnDeltaCache,
} from '../../../src/store/redis/own-delta-cache.ts'
import { packEntry, readPending } from '../../../src/codec/append-log.ts'
import { mergePacked } from '../../../src/codec/window.ts'
import { createPacker } from '../../../src/codec/packer.ts'
import { packBatch } from '../../../src/store/redis/batch.ts'
import { WIDTH_10S } from '../../../src/model/window-reader.ts'
import { type CommitBody } from '../../../src/store/store.ts'
import { createYielder } from '../../../src/codec/event-loop.ts'
import { accumulatorOf, arbitraryActs, plainWindow } from '../../support/windows.ts'

const PREFIX = 'l2met:1:{app}:'
const START = 1_700_000_000_000 - (1_700_000_000_000 % WIDTH_10S)

/** What a pending window goes through, by this process or another. */
type Step =
  | { readonly step: 'append'; readonly by: 'me' | 'other'; readonly frames: readonly CommitBody[] }
  /** Sent, and never written. */
  | { readonly step: 'lose'; readonly frames: readonly CommitBody[] }
  | { readonly step: 'merge' | 'move'; readonly by: 'me' | 'other' }

const myTable = createSeriesTable(10_000)

function arbitraryFrames(): fc.Arbitrary<CommitBody[]> {
  const frame = fc.constantFrom(0, 1, 5).chain((place) => {
    const start = START + place * WIDTH_10S
    return arbitraryActs(start, start + WIDTH_10S, 'small').map((acts): CommitBody => ({
      id: undefined,
      deltas: [{ start, acc: accumulatorOf(acts, myTable) }],
    }))
  })
  return fc.array(frame, { minLength: 1, maxLength: 3 })
}

const arbitraryStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      step: fc.constant('append' as const),
      by: fc.constantFrom('me', 'me', 'me', 'other'),
      frames: arbitraryFrames(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ step: fc.constant('lose' as const), frames: arbitraryFrames() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      step: fc.constantFrom('merge', 'move'),
      by: fc.constantFrom('me', 'me', 'other'),
    }),
  },
)

function plain(windows: ReadonlyMap<number, Window>): unknown {
  return [...windows]
    .toSorted(([a], [b]) => a - b)
    .map(([start, window]) => [start, plainWindow(window)])
}

function unpackAll(pending: Buffer): Map<number, Window> {
  const windows = new Map<number, Window>()
  for (const { start, packed } of readPending(pending)) {
    const window = windows.get(start) ?? createWindow()
    windows.set(start, window)
    mergePacked(window, packed)
  }
  return windows
}

test('a sum of our own holds what unpacking would give', async () => {
  const packer = createPacker()
  const turns = createYielder()
  const packOf = (frames: readonly CommitBody[]) => packBatch('app', PREFIX, frames, packer).packed
  let used = 0

  const fold = async (
    pending: Buffer,
    sums: OwnDeltaCache,
    step: 'merge' | 'move',
  ): Promise<Buffer> => {
    const own = sums.take(PREFIX)
    const sum = await sumAppendLog(pending, 64, turns, own)
    expect(plain(await windowsOf(sum, turns))).toEqual(plain(unpackAll(pending)))
    if (sum.own !== undefined && sum.own.chunks.length > 0) used += 1
    if (step === 'move') {
      if (sum.own !== undefined) sums.release(PREFIX, sum.own)
      return Buffer.alloc(0)
    }
    const others = packEntry(
      [...sum.windows].map(([start, window]) => ({ start, packed: packer.packWindow(window) })),
    )
    const chunk = packEntry(
      (sum.own?.open ?? []).map(({ start, acc }) => ({
        start,
        packed: packer.packAccumulators([acc]),
      })),
    )
    if (sum.own !== undefined) sums.putBack(PREFIX, sum.own, chunk)
    return Buffer.concat([chunk, others])
  }

  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryStep, { minLength: 5, maxLength: 20 }), async (steps) => {
      const [mine, others] = [createOwnDeltaCache(() => 0), createOwnDeltaCache(() => 0)]
      mine.keep(PREFIX)
      let pending: Buffer = Buffer.alloc(0)
      for (const step of steps) {
        if (step.step === 'lose') mine.add(PREFIX, step.frames, packOf(step.frames))
        else if (step.step === 'append') {
          const chunk = packOf(step.frames)
          if (step.by === 'me') mine.add(PREFIX, step.frames, chunk)
          pending = Buffer.concat([pending, chunk])
        } else pending = await fold(pending, step.by === 'me' ? mine : others, step.step)
      }
    }),
    { numRuns: 300 },
  )
  expect(used).toBeGreaterThan(100)
})

test('an app that is busy no more, or too big, is not summed', () => {
  let now = 0
  const sums = createOwnDeltaCache(() => now)
  const frames = [{ id: undefined, deltas: [{ start: START, acc: accumulatorOf([]) }] }]
  const chunk = Buffer.alloc(2 ** 20, 1)
  sums.add(PREFIX, frames, chunk)
  expect(sums.take(PREFIX)).toBeUndefined()
  sums.keep(PREFIX)
  sums.add(PREFIX, frames, chunk)
  expect(sums.take(PREFIX)?.chunks).toHaveLength(1)
  for (let i = 0; i < 5; i += 1) sums.add(PREFIX, frames, chunk)
  expect(sums.take(PREFIX)).toBeUndefined()
  sums.keep(PREFIX)
  now += 61_000
  sums.take(PREFIX)
  sums.add(PREFIX, frames, chunk)
  expect(sums.take(PREFIX)).toBeUndefined()
})
