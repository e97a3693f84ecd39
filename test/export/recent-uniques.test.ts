import { expect, test } from 'vitest'
import { createMinuteReader } from '../../src/export/prometheus/read-apps.ts'
import { createRecentUniques } from '../../src/export/prometheus/recent-uniques.ts'
import { uniqueCount } from '../../src/model/unique.ts'
import type { Store } from '../../src/store/store.ts'
import { createTarget } from '../support/scrape.ts'

const KEY = 'u\0app/user'
const MINUTE = 60_000

/** What is told of an app that had another user in each of forty minutes. */
async function uniquesBy(read: (target: Store) => Store['read']) {
  const target = createTarget()
  for (let i = 0; i < 40; i += 1) {
    await target.send('shop', 'web.1', `unique#user=${i}`)
    target.move(MINUTE)
  }
  const uniques = createRecentUniques({ ...target.store, read: read(target.store) }, 'shop')
  const update = async () => uniques.update(target.now(), createMinuteReader(0).reader)
  const seen = () => uniqueCount(uniques.of(KEY)!)
  return { target, update, seen }
}

test('an hour that could not be read is read the next time', async () => {
  let isDown = true
  const { target, update, seen } = await uniquesBy((store) => async (...args) => {
    if (isDown) throw new Error('ECONNREFUSED')
    return store.read(...args)
  })
  await expect(update()).rejects.toThrow('ECONNREFUSED')
  isDown = false
  await update()
  expect(seen()).toBe(40)
  target.move(MINUTE)
  await update()
  expect(seen()).toBe(40)
})

test('of two scrapes at once, neither shows less than the hour', async () => {
  let open: (() => void) | undefined
  const first = new Promise<void>((resolve) => (open = resolve))
  let reads = 0
  const { update, seen } = await uniquesBy((store) => async (...args) => {
    reads += 1
    if (reads === 1) await first
    return store.read(...args)
  })
  const slow = update()
  await update()
  expect(seen()).toBe(40)
  open?.()
  await slow
  expect(seen()).toBe(40)
})
