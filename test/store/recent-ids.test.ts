import { expect, test } from 'vitest'
import { createRecentIds } from '../../src/store/recent-ids.ts'
import { IDS_KEPT_MS } from '../../src/store/store.ts'

const NOON = Date.UTC(2026, 10, 21, 12)

test('each id is known from when it was added, and others are not', () => {
  const recent = createRecentIds()
  const ids = Array.from({ length: 50_000 }, (_, i) => `id-${i}`)
  // One expectation for all: each takes far longer than what it looks at.
  const wrong = ids.filter((id) => {
    const wasKnown = recent.has('shop', id, NOON)
    recent.add('shop', id, NOON)
    return wasKnown || !recent.has('shop', id, NOON) || recent.has('blog', id, NOON)
  })
  expect(wrong).toEqual([])
  expect(ids.filter((id) => !recent.has('shop', id, NOON))).toEqual([])
})

test('what was added last is known for as long as a late line is taken, however often one looks', () => {
  const ids = createRecentIds()
  for (let now = NOON; now < NOON + 3 * IDS_KEPT_MS; now += 10_000) {
    ids.add('shop', `${now}`, now)
    const oldest = Math.max(NOON, now - IDS_KEPT_MS)
    expect(ids.has('shop', `${oldest}`, now)).toBe(true)
    expect(ids.has('shop', `${now - 2 * IDS_KEPT_MS}`, now)).toBe(false)
  }
})

test('ids that come ever faster, then slowly, are known for as long', () => {
  const ids = createRecentIds()
  const added: { id: string; at: number }[] = []
  const rates = [1, 30, 900, 900, 900, 20, 1, 1]
  for (const [i, rate] of rates.entries()) {
    const from = NOON + i * 5 * 60_000
    for (let n = 0; n < rate * 100; n += 1) {
      const at = from + Math.floor((n * 5 * 60_000) / (rate * 100))
      added.push({ id: `${i}-${n}`, at })
      ids.add('shop', `${i}-${n}`, at)
    }
    const now = added.at(-1)!.at
    const due = added.filter(({ at }) => at >= now - IDS_KEPT_MS)
    expect(due.every(({ id }) => ids.has('shop', id, now))).toBe(true)
  }
  const later = added.at(-1)!.at + 2 * IDS_KEPT_MS
  expect(added.some(({ id }) => ids.has('shop', id, later))).toBe(false)
})

test('a clock that is set back forgets nothing', () => {
  const ids = createRecentIds()
  ids.add('shop', 'a', NOON)
  expect(ids.has('shop', 'a', NOON - IDS_KEPT_MS)).toBe(true)
  ids.add('shop', 'b', NOON - IDS_KEPT_MS)
  expect(ids.has('shop', 'a', NOON)).toBe(true)
  expect(ids.has('shop', 'b', NOON)).toBe(true)
})

test('under a flood the newest million stay, and memory stops growing', () => {
  const ids = createRecentIds()
  const bytesBefore = process.memoryUsage().arrayBuffers
  const count = 2_500_000
  for (let i = 0; i < count; i += 1) ids.add('shop', `${i}`, NOON)
  for (let i = count - 1_000_000; i < count; i += 1000) {
    expect(ids.has('shop', `${i}`, NOON)).toBe(true)
  }
  expect(ids.has('shop', '0', NOON)).toBe(false)
  expect(process.memoryUsage().arrayBuffers - bytesBefore).toBeLessThan(30 * 2 ** 20)
})
