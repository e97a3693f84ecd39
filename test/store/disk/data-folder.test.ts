import { execFile } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createSeriesTable } from '../../../src/model/series-table.ts'
import { WIDTH_10S } from '../../../src/model/window-reader.ts'
import { askFolder } from '../../../src/store/disk/data-folder.ts'
import { type DiskStoreOptions, createDiskStore } from '../../../src/store/disk/disk-store.ts'
import { accumulatorOf } from '../../support/windows.ts'

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'l2met-data-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function open(folder: string, options: Partial<DiskStoreOptions> = {}) {
  const warnings: string[] = []
  const store = createDiskStore({
    folder,
    maxBytes: 1e9,
    retentionMs: 24 * 3_600_000,
    maxSeries: 100,
    now: Date.now,
    foldMs: 1e9,
    warn: (details, text) => warnings.push(`${text} ${JSON.stringify(details)}`),
    ...options,
  })
  const commit = async (app: string, id: string) => {
    const time = Date.now()
    const acc = accumulatorOf([{ act: 'line', time, result: 0, kind: 0 }], createSeriesTable(10))
    return store.commit(app, [{ id, deltas: [{ start: time - (time % WIDTH_10S), acc }] }])
  }
  const lines = async () =>
    Object.fromEntries([...(await store.totals())].map(([app, { results }]) => [app, results[0]]))
  return { store, warnings, commit, lines }
}

/** A folder of one segment for each of these lines: app a, then b, then c. */
async function filled(): Promise<string> {
  const folder = newFolder()
  for (const app of ['a', 'b', 'c']) {
    const { store, commit } = open(folder)
    await store.ready
    expect(await commit(app, `${app}-id`)).toEqual([])
    await store.close()
  }
  return folder
}

function journals(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('journal-'))
    .toSorted()
    .map((name) => join(folder, name))
}

async function linesAfter(folder: string) {
  const { store, warnings, lines, commit } = open(folder)
  await store.ready
  const found = await lines()
  // It goes on taking lines.
  expect((await commit('new', `${Math.random()}`)).length).toBe(0)
  await store.close()
  return { found, warnings: warnings.join('\n') }
}

describe('a data folder', () => {
  test('has after a restart what was acknowledged, ids too', async () => {
    const folder = await filled()
    const { store, commit, lines, warnings } = open(folder)
    await store.ready
    expect(await lines()).toEqual({ a: 1, b: 1, c: 1 })
    expect(await commit('a', 'a-id')).toEqual([0])
    await store.close()
    expect(warnings).toEqual([])
  })

  test('with a flipped bit anywhere loses one batch, and names it', async () => {
    const folder = await filled()
    const size = statSync(journals(folder)[1]!).size
    for (let at = 0; at < size; at += 1) {
      const copy = newFolder()
      cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith('lock') })
      const file = journals(copy)[1]!
      const bytes = readFileSync(file)
      bytes[at]! ^= 1 << (at % 8)
      writeFileSync(file, bytes)
      const { found, warnings } = await linesAfter(copy)
      // The beginning of a file says only how long the one before is.
      expect([
        { a: 1, c: 1 },
        { a: 1, b: 1, c: 1 },
      ]).toContainEqual(found)
      expect(warnings).toMatch('A file of the journal is damaged')
      expect(warnings).toMatch('journal-000002.l2met')
    }
  })

  test('cut at any byte holds what was acknowledged before that, and no more', async () => {
    const folder = newFolder()
    const { store, commit } = open(folder)
    await store.ready
    const ends: number[] = []
    for (let i = 0; i < 4; i += 1) {
      expect(await commit('a', `${i}`)).toEqual([])
      ends.push(statSync(journals(folder)[0]!).size)
    }
    await store.close()
    const bytes = readFileSync(journals(folder)[0]!)
    expect(ends.at(-1)).toBe(bytes.length)
    for (let at = ends[0]!; at <= bytes.length; at += 1) {
      const copy = newFolder()
      writeFileSync(join(copy, 'journal-000001.l2met'), bytes.subarray(0, at))
      const { found, warnings } = await linesAfter(copy)
      expect([at, found['a']]).toEqual([at, ends.filter((end) => end <= at).length])
      expect(/a write that was cut off/.test(warnings)).toBe(!ends.includes(at))
      expect((await linesAfter(copy)).warnings).toBe('')
    }
    // A power cut may leave zeros in the place of what was not written.
    const padded = newFolder()
    writeFileSync(
      join(padded, 'journal-000001.l2met'),
      Buffer.concat([bytes.subarray(0, ends[2]), Buffer.alloc(100)]),
    )
    expect(await linesAfter(padded)).toMatchObject({
      found: { a: 3 },
      warnings: expect.stringMatching('a write that was cut off'),
    })
  })

  test('with a flipped bit in its last file names it, and counts no other number', async () => {
    const folder = newFolder()
    const { store, commit } = open(folder)
    await store.ready
    for (const app of ['a', 'b', 'c']) await commit(app, app)
    await store.close()
    const bytes = readFileSync(journals(folder)[0]!)
    for (let at = 0; at < bytes.length * 8; at += 11) {
      const copy = newFolder()
      const flipped = Buffer.from(bytes)
      flipped[at >> 3]! ^= 1 << (at & 7)
      writeFileSync(join(copy, 'journal-000001.l2met'), flipped)
      const { found, warnings } = await linesAfter(copy)
      expect(Object.keys(found).length).toBeGreaterThanOrEqual(2)
      expect(new Set(Object.values(found))).toEqual(new Set([1]))
      expect(warnings).toMatch(/is damaged: what was there is lost|is no whole batch/)
    }
  })

  test('that is cut short, has an empty file or misses one, loses that and names it', async () => {
    const cut = await filled()
    truncateSync(journals(cut)[1]!, statSync(journals(cut)[1]!).size - 3)
    const first = await linesAfter(cut)
    expect(first.found).toEqual({ a: 1, c: 1 })
    expect(first.warnings).toMatch(/too short.*journal-000002.l2met","bytes":3/)
    const empty = await filled()
    truncateSync(journals(empty)[0]!, 0)
    const second = await linesAfter(empty)
    expect(second.found).toEqual({ b: 1, c: 1 })
    expect(second.warnings).toMatch('is empty {"file"')
    const missing = await filled()
    rmSync(journals(missing)[1]!)
    const third = await linesAfter(missing)
    expect(third.found).toEqual({ a: 1, c: 1 })
    expect(third.warnings).toMatch('are missing')
  })

  test('with a write that was cut off at its end goes on before that', async () => {
    const folder = await filled()
    const last = journals(folder)[2]!
    writeFileSync(last, Buffer.concat([readFileSync(last), Buffer.from([0xf9, 1, 2, 3])]))
    const { found, warnings } = await linesAfter(folder)
    expect(found).toEqual({ a: 1, b: 1, c: 1 })
    expect(warnings).toMatch('a write that was cut off')
    expect(await linesAfter(folder)).toEqual({ found: { ...found, new: 1 }, warnings: '' })
  })

  test('of somebody else, of a later version, or that is no folder, is refused and left as it is', async () => {
    const others = newFolder()
    writeFileSync(join(others, 'data.mdb'), 'precious')
    await expect(open(others).store.ready).rejects.toThrow('did not write (data.mdb)')
    expect(readdirSync(others)).toEqual(['data.mdb'])
    mkdirSync(join(newFolder(), 'lost+found'))
    await expect(open(join(others, 'data.mdb')).store.ready).rejects.toThrow('is no folder')
    const later = await filled()
    const bytes = readFileSync(journals(later)[0]!)
    bytes[0]! += 1
    bytes.writeUInt32LE(crc32(bytes.subarray(5, 9), crc32(bytes.subarray(0, 1))), 1)
    writeFileSync(journals(later)[0]!, bytes)
    const { store } = open(later)
    await expect(store.ready).rejects.toThrow('a later version of l2met wrote')
    await store.close()
    expect(readFileSync(journals(later)[0]!)).toEqual(bytes)
    if (process.getuid?.() === 0) return
    const closed = newFolder()
    chmodSync(closed, 0o500)
    await expect(open(closed).store.ready).rejects.toThrow('may not write')
  })

  test('in use is refused to a second process, and takes requests through its lock', async () => {
    const folder = await filled()
    const { store, lines } = open(folder)
    await store.ready
    const second = open(folder)
    await expect(second.store.ready).rejects.toThrow('another l2met uses')
    await expect(second.commit('a', 'x')).rejects.toThrow()
    await second.store.close()
    expect(await askFolder(folder, 'forget\0a')).toBe('ok 1')
    expect(await askFolder(folder, 'what')).toBe('error unknown request')
    expect(await lines()).toEqual({ b: 1, c: 1 })
    await store.close()
    expect(await askFolder(folder, 'forget\0b')).toBeUndefined()
    expect((await linesAfter(folder)).found).toEqual({ b: 1, c: 1 })
  })

  test('that has reached its limit takes nothing, says what to do, and goes on when there is room', async () => {
    const { store, commit, lines, warnings } = open(newFolder(), {
      maxBytes: 900,
      segmentBytes: 200,
    })
    await store.ready
    onTestFinished(async () => store.close())
    let taken = 0
    const untilRefused = async () => {
      for (; ; taken += 1) await commit('a', `${taken}`)
    }
    await expect(untilRefused()).rejects.toThrow('has reached DATA_MAX_BYTES (900); raise it')
    expect(store.fault()).toMatch('has reached DATA_MAX_BYTES')
    expect(await lines()).toEqual({ a: taken })
    expect(await store.forget('a')).toBe(1)
    await vi.waitUntil(() => store.fault() === undefined, 30_000)
    expect(await commit('b', 'id')).toEqual([])
    expect(warnings.join()).toMatch(/raise it.*can be written again/)
  })

  test('that goes away is an outage: nothing is acknowledged, and it goes on when it is back', async () => {
    const folder = newFolder()
    const { store, commit, lines, warnings } = open(folder, { segmentBytes: 200 })
    await store.ready
    onTestFinished(async () => store.close())
    let taken = 0
    const commitNext = async () => {
      await commit('a', `${taken}`)
      taken += 1
    }
    await commitNext()
    renameSync(folder, `${folder}.away`)
    // The file that is open can still be written; the next one can't be made.
    await expect(
      (async () => {
        for (;;) await commitNext()
      })(),
    ).rejects.toThrow('ENOENT')
    expect(store.fault()).toMatch('is gone; put it back')
    await expect(commit('a', `${taken}`)).rejects.toThrow('is gone; put it back')
    await expect(store.totals()).rejects.toThrow('is gone; put it back')
    renameSync(`${folder}.away`, folder)
    await vi.waitUntil(() => store.fault() === undefined, 30_000)
    expect(await lines()).toEqual({ a: taken })
    // What failed comes again under its id, and is new.
    expect(await commit('a', `${taken}`)).toEqual([])
    expect(await commit('a', '0')).toEqual([0])
    expect(await lines()).toEqual({ a: taken + 1 })
    expect(warnings.join()).toMatch(/can't be written; it is tried again.*can be written again/)
  })

  test('of a process that dies at any moment, while it compacts too, has what was acknowledged', async () => {
    const folder = newFolder()
    const often = { segmentBytes: 1000, copyMs: 0, foldMs: 3, collectMs: 5 }
    const { store, commit, warnings } = open(folder, often)
    await store.ready
    let acknowledged = 0
    let firstFile = journals(folder)[0]
    let removed = 0
    for (let i = 0; i < 200; i += 1) {
      const done = commit('a', `${i}`).then(() => (acknowledged += 1))
      // At any moment of the write, or of what goes on besides.
      await sleep(Math.random() * 4)
      const before = acknowledged
      const copy = newFolder()
      for (const path of journals(folder)) cpSync(path, join(copy, basename(path)))
      await done
      if (i % 3 !== 0) continue
      const { found, warnings: said } = await linesAfter(copy)
      expect([i, i + 1]).toContain(found['a'] ?? 0)
      expect(found['a'] ?? 0).toBeGreaterThanOrEqual(before)
      expect(said.replaceAll(/^The end of the journal.*/gm, '')).toBe('')
      const first = journals(folder)[0]
      if (firstFile !== undefined && first !== firstFile) removed += 1
      firstFile = first
    }
    await store.close()
    expect(removed).toBeGreaterThan(1)
    expect(warnings).toEqual([])
  })

  test('copied with cp -r while it is written holds a prefix of what was acknowledged', async () => {
    const folder = newFolder()
    const { store, commit } = open(folder, { segmentBytes: 2000, copyMs: 60_000, foldMs: 20 })
    await store.ready
    let acknowledged = 0
    const over = new AbortController()
    const writing = (async () => {
      for (let i = 0; !over.signal.aborted; i += 1) {
        await commit('a', `${i}`)
        acknowledged += 1
      }
    })()
    for (let round = 0; round < 4; round += 1) {
      await vi.waitUntil(() => acknowledged > 100 * (round + 1), 60_000)
      const before = acknowledged
      const copy = join(newFolder(), 'copy')
      await promisify(execFile)('cp', ['-r', folder, copy])
      const after = acknowledged
      const again = open(copy)
      await again.store.ready
      const found = (await again.lines())['a']!
      expect(found).toBeGreaterThanOrEqual(before)
      expect(found).toBeLessThanOrEqual(after + 1)
      for (let i = 0; i < found; i += 1) expect(await again.commit('a', `${i}`)).toEqual([0])
      expect(await again.commit('a', `${found}`)).toEqual([])
      await again.store.close()
      expect(again.warnings.filter((text) => !/a write that was cut off/.test(text))).toEqual([])
    }
    over.abort()
    await writing
    await store.close()
    expect(journals(folder).length).toBeGreaterThan(4)
  })
})
