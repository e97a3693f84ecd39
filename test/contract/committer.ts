import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createAppWindows, openWindow } from '../../src/aggregate/app-windows.ts'
import { MAX_BATCH_BYTES, type QueuedBody } from '../../src/ingest/commit-queue.ts'
import type { Committer } from '../../src/ingest/committer.ts'
import { WIDTH_10S } from '../../src/model/window-reader.ts'
import { parseSeriesKey } from '../../src/model/series.ts'
import type { Store } from '../../src/store/store.ts'
import { perform } from '../support/windows.ts'

/** A committer with the store that it writes to, which is empty. */
export interface CommitterUnderTest {
  readonly store: Store
  readonly committer: Committer
  readonly end: () => Promise<void>
}

const windows = createAppWindows({ maxSeries: 100, maxRoutes: 10 })

/** A body of `lines` counted lines. */
export function bodyOf(id: string | undefined, lines = 1, size = 100): QueuedBody {
  const time = Date.now()
  const line = { act: 'line', time, result: 0, kind: 0 } as const
  const acts = Array.from({ length: lines }, () => line)
  const start = time - (time % WIDTH_10S)
  return { id, size, count: (open) => void perform(openWindow(open, windows, start), acts) }
}

export async function linesIn(store: Store, app: string): Promise<number> {
  return (await store.totals()).get(app)?.results[0] ?? 0
}

/** What every committer promises while its store works. */
export function describeCommitter(
  name: string,
  start: (noteCommit?: (seconds: number) => void) => Promise<CommitterUnderTest>,
): void {
  const withCommitter = async (use: (under: CommitterUnderTest) => Promise<void>) => {
    const under = await start()
    try {
      await use(under)
    } finally {
      await under.end()
    }
  }

  describe(`a committer: ${name}`, () => {
    test('has a body in the store when it resolves', () =>
      withCommitter(async ({ store, committer }) => {
        for (let i = 1; i <= 20; i += 1) {
          expect(await committer.add('app', bodyOf(`${i}`, 3))).toBe('committed')
          expect(await linesIn(store, 'app')).toBe(3 * i)
        }
      }))

    test('counts a body once for each app, and one without an id each time', () =>
      withCommitter(async ({ store, committer }) => {
        expect(await committer.add('app', bodyOf('a', 3))).toBe('committed')
        expect(await committer.add('app', bodyOf('a', 3))).toBe('duplicate')
        expect(await committer.add('other', bodyOf('a', 5))).toBe('committed')
        expect(await committer.add('other', bodyOf(undefined, 1))).toBe('committed')
        expect(await committer.add('other', bodyOf(undefined, 1))).toBe('committed')
        expect([await linesIn(store, 'app'), await linesIn(store, 'other')]).toEqual([3, 7])
      }))

    test('counts one of several copies that come at once', () =>
      withCommitter(async ({ store, committer }) => {
        const copies = Array.from({ length: 5 }, () => committer.add('app', bodyOf('same', 2)))
        const results = await Promise.all(copies)
        expect(results.toSorted()).toEqual(['committed', ...Array<string>(4).fill('duplicate')])
        expect(await linesIn(store, 'app')).toBe(2)
      }))

    test('takes more at once than one batch may hold, and lets other work run between', () =>
      withCommitter(async ({ store, committer }) => {
        let turns = 0
        let isDone = false
        const turn = () => {
          turns += 1
          if (!isDone) setImmediate(turn)
        }
        setImmediate(turn)
        const size = MAX_BATCH_BYTES / 4
        const adding = Array.from({ length: 300 }, (_, i) =>
          committer.add('app', bodyOf(`${i}`, 1, size)),
        )
        expect(new Set(await Promise.all(adding))).toEqual(new Set(['committed']))
        isDone = true
        expect(turns).toBeGreaterThan(2)
        expect(await linesIn(store, 'app')).toBe(300)
      }))

    test('measures its commits, and reports them', async () => {
      const seconds: number[] = []
      const { store, committer, end } = await start((took) => seconds.push(took))
      await committer.add('app', bodyOf('a'))
      await committer.add('app', bodyOf('b'))
      const { cells } = (await store.totals()).get('app')!
      const names = [...cells.keys()].map((key) => parseSeriesKey(key).name)
      expect(names).toContain('l2met/commit')
      expect(seconds.length).toBeGreaterThan(0)
      expect(seconds.every((took) => took >= 0 && Number.isFinite(took))).toBe(true)
      await end()
    })

    test('has nothing left when it was stopped', () =>
      withCommitter(async ({ store, committer }) => {
        const adding = Array.from({ length: 50 }, (_, i) =>
          committer.add(`app-${i % 3}`, bodyOf(`${i}`)),
        )
        const [lost] = await Promise.all([committer.stop(10_000), ...adding])
        expect(lost).toEqual({ bodies: 0, lines: 0 })
        expect(committer.spilledLines()).toBe(0)
        const lines = await Promise.all(
          ['app-0', 'app-1', 'app-2'].map((app) => linesIn(store, app)),
        )
        expect(lines).toEqual([17, 17, 16])
      }))

    test('keeps a ledger to the line, whatever comes in whatever order', async () => {
      const sends = fc.array(
        fc.record({ app: fc.nat(2), id: fc.option(fc.nat(8)), wait: fc.nat(4) }),
        { minLength: 1, maxLength: 40 },
      )
      await fc.assert(
        fc.asyncProperty(sends, (list) =>
          withCommitter(async ({ store, committer }) => {
            const expected = new Map<string, number>()
            const seen = new Set<string>()
            await Promise.all(
              list.map(async ({ app, id, wait }, i) => {
                const name = `app-${app}`
                // A sender that tries again sends the same lines.
                const lines = id === null ? (i % 4) + 1 : id + 1
                if (id === null || !seen.has(`${name} ${id}`))
                  expected.set(name, (expected.get(name) ?? 0) + lines)
                if (id !== null) seen.add(`${name} ${id}`)
                for (let turn = 0; turn < wait; turn += 1)
                  await new Promise((resolve) => setImmediate(resolve))
                await committer.add(name, bodyOf(id === null ? undefined : `${id}`, lines))
              }),
            )
            for (const [name, lines] of expected) expect(await linesIn(store, name)).toBe(lines)
          }),
        ),
        { numRuns: 20 },
      )
    })
  })
}
