import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createDiskStore } from '../../src/store/disk/disk-store.ts'
import { type BuiltServer, runBuiltServer, startBuiltServer } from '../support/built-server.ts'
import { countedBy, postTo, startDrains } from '../support/drains.ts'

/** `L2MET_KILLS=50 npx vitest run test/end-to-end/disk-kills.test.ts` is the long version. */
const KILLS = Number(process.env['L2MET_KILLS'] ?? 4)

test(`acknowledged means counted to the line, through ${KILLS} kills at random moments`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'l2met-kills-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const env = { DATA_DIR: folder, LOG_LEVEL: 'info' }
  let server: BuiltServer | undefined
  onTestFinished(async () => {
    await server?.kill()
  })
  const origins = () => (server === undefined ? [] : [server.origin])
  const send = postTo('shop', origins)
  let copies = 0
  // Now and then a body comes twice at once.
  const drains = startDrains(
    8,
    async (id, bytes) => {
      if (bytes.length % 5 !== 0) return send(id, bytes)
      copies += 1
      return (await Promise.all([send(id, bytes), send(id, bytes)])).some(Boolean)
    },
    1,
  )
  for (let kill = 0; kill < KILLS; kill += 1) {
    server = await startBuiltServer(env)
    expect(server.said()).toMatch(`in ${folder}: acknowledged lines are on disk`)
    const before = drains.sent().frames
    await sleep(300 + Math.random() * 700)
    await expect.poll(() => drains.sent().frames, { timeout: 60_000 }).toBeGreaterThan(before)
    const victim = server
    server = undefined
    await victim.kill()
  }
  server = await startBuiltServer(env)
  await drains.stop()
  const { frames, lines } = drains.sent()
  if (process.env['L2MET_KILLS'] !== undefined)
    process.stdout.write(`${lines} lines in ${frames} bodies, ${copies} of them twice at once\n`)
  const check = await runBuiltServer(['data', '--json'], env)
  expect(check.code).toBe(0)
  expect(JSON.parse(check.stdout)).toMatchObject({ folder, apps: ['shop'], damaged: [] })
  expect(await server.stop()).toBe(0)
  server = undefined

  const store = createDiskStore({
    folder,
    maxBytes: 1e9,
    retentionMs: 24 * 3_600_000,
    maxSeries: 10_000,
    now: Date.now,
    warn: () => {},
  })
  await store.ready
  const counted = await countedBy(store, 'shop')
  await store.close()
  expect(copies).toBeGreaterThan(0)
  expect(counted.lifetime).toMatchObject({ counted: lines })
  expect(counted.fine).toMatchObject({ counted: lines })
  expect(counted.frames).toMatchObject({ committed: frames, spilled: 0 })
  const forgotten = await runBuiltServer(['forget', 'shop'], env)
  expect([forgotten.code, forgotten.stderr]).toEqual([0, ''])
  expect(JSON.parse((await runBuiltServer(['data', '--json'], env)).stdout)).toMatchObject({
    apps: [],
  })
})
