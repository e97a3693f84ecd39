import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { routerBody } from '../support/app.ts'
import { type BuiltServer, runBuiltServer, startBuiltServer } from '../support/built-server.ts'
import { type Mount, mountDisk, noMounts } from '../support/mounts.ts'

const NO_MOUNTS = noMounts()
if (NO_MOUNTS !== undefined)
  process.stderr.write(`disk-faults: ${NO_MOUNTS}: those tests are skipped\n`)
const NOBODY = 65_534
const LINES = 7

function newDisk(): Mount {
  const disk = mountDisk('2m')
  onTestFinished(disk.stop)
  return disk
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'l2met-faults-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function start(env: Record<string, string>): Promise<BuiltServer> {
  const server = await startBuiltServer({ LOG_LEVEL: 'info', ...env })
  onTestFinished(async () => server.kill())
  return server
}

/** Says why a start with a folder is refused. */
async function refused(folder: string, uid?: number): Promise<string> {
  const { code, stdout } = await runBuiltServer([], { DATA_DIR: folder }, uid)
  expect(code).toBe(1)
  return stdout
}

let bodies = 0

/** Posts bodies of LINES lines one after the other; resolves with the statuses. */
async function post({ origin }: BuiltServer, count: number): Promise<number[]> {
  const statuses: number[] = []
  for (let i = 0; i < count; i += 1) {
    const { status } = await fetch(`${origin}/logs?app=shop`, {
      method: 'POST',
      headers: {
        'logplex-frame-id': `body-${(bodies += 1)}`,
        'content-type': 'application/logplex-1',
      },
      body: new Uint8Array(routerBody(LINES)),
    })
    statuses.push(status)
  }
  return statuses
}

async function get({ origin }: BuiltServer, path: string) {
  const response = await fetch(origin + path)
  return { status: response.status, text: await response.text() }
}

async function counted(server: BuiltServer): Promise<number> {
  const { text } = await get(server, '/metrics')
  return Number(/^l2met_lines_total\{app="shop",result="counted"\} (\d+)$/m.exec(text)?.[1])
}

async function held(server: BuiltServer): Promise<number> {
  const { text } = await get(server, '/metrics/process')
  return Number(/^l2met_spill_lines\{.*\} (\d+)$/m.exec(text)?.[1])
}

/** Plays an outage of the disk: lines are held, readers get 503, and afterwards all of it is on disk. */
async function playOutage(disk: Mount, begin: () => void, end: () => void, reason: RegExp) {
  const folder = join(disk.path, 'data')
  const server = await start({ DATA_DIR: folder })
  const before = /full/.test(reason.source) ? 5 : 0
  expect(await post(server, before)).toEqual(Array<number>(before).fill(204))
  begin()
  expect(await post(server, 20)).toEqual(Array<number>(20).fill(204))
  expect(await held(server)).toBeGreaterThan(0)
  const ready = await get(server, '/readyz')
  expect(ready.status).toBe(503)
  expect(ready.text).toMatch(reason)
  expect((await get(server, '/metrics')).status).toBe(503)
  expect(server.said()).toMatch(reason)
  end()
  await expect.poll(async () => held(server), { timeout: 60_000 }).toBe(0)
  await expect.poll(async () => (await get(server, '/readyz')).status).toBe(200)
  expect(await counted(server)).toBe((before + 20) * LINES)
  await server.kill()
  const again = await start({ DATA_DIR: folder })
  expect(await counted(again)).toBe((before + 20) * LINES)
  expect(again.said()).not.toMatch(/damaged|lost|too short/)
}

describe.skipIf(NO_MOUNTS !== undefined)('a disk', () => {
  test('that is full is an outage, and it goes on when there is room', async () => {
    const disk = newDisk()
    const ballast = join(disk.path, 'ballast')
    const fill = () => {
      try {
        writeFileSync(ballast, Buffer.alloc(4 * 2 ** 20))
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC')
      }
    }
    await playOutage(disk, fill, () => rmSync(ballast), /on a disk that is full; make room/)
  })

  test('that becomes read-only is an outage, and refuses a start', async () => {
    const disk = newDisk()
    const readOnly = () => disk.remount('ro')
    await playOutage(disk, readOnly, () => disk.remount('rw'), /is read-only; mount it writable/)
    const other = newDisk()
    other.remount('ro')
    const { code, stdout } = await runBuiltServer([], { DATA_DIR: join(other.path, 'data') })
    expect(code).toBe(1)
    expect(stdout).toMatch(/is read-only; mount it writable/)
  })

  test('that is full refuses what can not be held, after four seconds', async () => {
    const disk = newDisk()
    const server = await start({ DATA_DIR: disk.path, SPILL_BYTES: '0' })
    expect(await post(server, 1)).toEqual([204])
    expect(() => writeFileSync(join(disk.path, '.ballast'), Buffer.alloc(4 * 2 ** 20))).toThrow(
      'ENOSPC',
    )
    let begun = 0
    let status = 204
    // The last page of the file has room for some.
    while (status === 204) {
      begun = performance.now()
      ;[status = 0] = await post(server, 1)
    }
    expect(status).toBe(503)
    expect(performance.now() - begun).toBeGreaterThan(3900)
    rmSync(join(disk.path, '.ballast'))
    await expect.poll(async () => (await post(server, 1))[0], { timeout: 60_000 }).toBe(204)
    const { text } = await get(server, '/metrics')
    expect(text).toMatch(/^l2met_bodies_total\{app="shop",result="refused"\} [1-9]/m)
  })
})

describe.skipIf(process.getuid?.() !== 0)('a folder of another user', () => {
  test('is refused, and left as it is', async () => {
    const folder = newFolder()
    expect(await refused(join(folder, 'data'), NOBODY)).toMatch(
      /may not make .*install -d -o 65534/,
    )
    mkdirSync(join(folder, 'data'), { mode: 0o755 })
    chownSync(folder, NOBODY, 0)
    expect(await refused(join(folder, 'data'), NOBODY)).toMatch(/chown -R 65534/)
    const server = await start({ DATA_DIR: join(folder, 'data') })
    expect(await post(server, 1)).toEqual([204])
    expect(await server.stop()).toBe(0)
    chownSync(join(folder, 'data'), NOBODY, 0)
    expect(await refused(join(folder, 'data'), NOBODY)).toMatch(
      /journal-000001.* user 0, .*chown -R 65534/,
    )
    expect(await counted(await start({ DATA_DIR: join(folder, 'data') }))).toBe(LINES)
  })
})

test('a folder in use, through a link too, of somebody else, or at too long a path is refused', async () => {
  const folder = newFolder()
  const data = join(folder, 'a folder', 'ü')
  const link = join(folder, 'link')
  const server = await start({ DATA_DIR: data, WEB_CONCURRENCY: '2' })
  expect(server.said()).toMatch(/without REDIS_URL one process has to count everything/)
  expect(server.said()).toMatch(`in ${data}: acknowledged lines are on disk`)
  symlinkSync(data, link)
  expect(await refused(data)).toMatch('another l2met uses')
  expect(await refused(link)).toMatch(`another l2met uses ${link}; stop it`)
  expect(await refused(join(folder, 'x'.repeat(120)))).toMatch('too long a path')
  for (const name of ['lock', 'notes.txt', 'locks']) {
    const others = newFolder()
    writeFileSync(join(others, name), 'precious')
    expect(await refused(others)).toMatch(`holds files that l2met did not write (${name})`)
  }
  expect(await post(server, 2)).toEqual([204, 204])
  expect(await server.stop()).toBe(0)
  const linked = await start({ DATA_DIR: link })
  expect(await counted(linked)).toBe(2 * LINES)
})
