import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { readAppendLog } from '../../src/codec/append-log.ts'
import { createByteReader } from '../../src/codec/byte-reader.ts'
import { DICTIONARY } from '../../src/codec/dictionary.ts'
import { createYielder } from '../../src/codec/event-loop.ts'
import { splitHour } from '../../src/codec/hour-splitter.ts'
import { visitHour } from '../../src/codec/hour.ts'
import {
  DamagedError,
  FORMAT_VERSION,
  NewerFormatError,
  RECORD,
  nextRecord,
  recordsFault,
} from '../../src/codec/record.ts'
import { createVisitor, unpack } from '../../src/codec/record-visitor.ts'
import { type Window } from '../../src/model/window.ts'
import { HOUR_MS } from '../../src/model/window-reader.ts'
import { type JournalOp, readOps } from '../../src/store/disk/journal-ops.ts'
import { GOLDEN_HOUR, goldenValues } from '../support/golden-values.ts'
import { windowsInto } from '../support/read-windows.ts'
import { plainWindow } from '../support/windows.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/format')
const CURRENT = join(FOLDER, `v${FORMAT_VERSION}`)

/** What the values of a file stand for, in JSON. */
async function read(name: string, bytes: Buffer): Promise<string> {
  return toJson(await decode(name, bytes))
}

async function decode(name: string, bytes: Buffer): Promise<unknown> {
  if (name === 'append-log') {
    const { entries, lost } = readAppendLog(bytes)
    const windows = entries.map(({ start, packed }) => [start, plain(unpack(packed, Infinity))])
    return { lost, windows }
  }
  if (name === 'journal') {
    const batches: (readonly JournalOp[])[] = []
    const reader = createByteReader(bytes)
    while (reader.at < reader.end) batches.push(readOps(nextRecord(reader).content))
    return batches
  }
  if (name === 'hour-minutes') {
    const windows = new Map<number, Window>()
    const range = { from: GOLDEN_HOUR, to: GOLDEN_HOUR + HOUR_MS }
    const visitor = createVisitor([windowsInto(windows)])
    await visitHour(bytes, GOLDEN_HOUR, range, visitor, createYielder())
    return [...windows].map(([start, window]) => [start, plain(window)])
  }
  if (name !== 'record') return plain(unpack(bytes, Infinity))
  const { content } = nextRecord(createByteReader(bytes))
  return content.bytes.toString('utf8', content.at, content.end)
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Uint8Array) return Buffer.from(part).toString('base64')
    return typeof part === 'number' && !Number.isFinite(part) ? String(part) : part
  })
}

function plain(window: Window): unknown {
  return plainWindow(window)
}

function golden(folder: string, name: string): Buffer {
  return readFileSync(join(folder, name))
}

const written = process.env['FORMAT_GOLDEN'] === 'write'

describe('the stored format', () => {
  beforeAll(async () => {
    if (!written) return
    for (const [name, bytes] of await goldenValues()) {
      writeFileSync(join(CURRENT, `${name}.bin`), bytes)
      writeFileSync(join(CURRENT, `${name}.json`), `${await read(name, bytes)}\n`)
    }
  })

  const files = readdirSync(FOLDER).flatMap((version) =>
    readdirSync(join(FOLDER, version))
      .filter((file) => file.endsWith('.bin'))
      .map((file) => [version, file.slice(0, -4)] as const),
  )

  test.each(files)('of %s is read: %s', async (version, name) => {
    const folder = join(FOLDER, version)
    const json = golden(folder, `${name}.json`).toString()
    expect(`${await read(name, golden(folder, `${name}.bin`))}\n`).toBe(json)
  })

  test('is written as it was: equal values are equal bytes, but for what deflate made', async () => {
    const values = await goldenValues()
    expect([...values.keys()].toSorted()).toEqual(
      readdirSync(CURRENT)
        .filter((file) => file.endsWith('.bin'))
        .map((file) => file.slice(0, -4))
        .toSorted(),
    )
    for (const name of ['window', 'append-log', 'record', 'journal'])
      expect(values.get(name)!.equals(golden(CURRENT, `${name}.bin`)), name).toBe(true)
    // zlib differs between versions of Node.
    for (const name of ['window-deflated', 'hour-total', 'hour-minutes'])
      expect(`${await read(name, values.get(name)!)}\n`).toBe(
        golden(CURRENT, `${name}.json`).toString(),
      )
  })

  test('has the tags and the dictionary that docs/format/window.md names', () => {
    expect(RECORD).toEqual({ plain: 1, deflated: 2, hour: 3, delta: 4, value: 5, batch: 6 })
    const doc = readFileSync(join(import.meta.dirname, '../../docs/format/window.md'), 'utf8')
    const crc = crc32(DICTIONARY).toString(16).padStart(8, '0')
    expect(doc).toContain(`${DICTIONARY.length} bytes with the CRC-32 \`${crc}\``)
    for (const [name, type] of Object.entries(RECORD))
      expect(doc).toMatch(new RegExp(`^\\| ${type} +\\| \`${name}\` `, 'm'))
  })

  test('an hour is the same minute by minute', async () => {
    const split = await splitHour(golden(CURRENT, 'hour-minutes.bin'), GOLDEN_HOUR, createYielder())
    const windows = [...split].map(([start, packed]) => [start, plain(unpack(packed, Infinity))])
    expect(`${toJson(windows)}\n`).toBe(golden(CURRENT, 'hour-minutes.json').toString())
  })

  test('of a later version is known as that, and a flipped bit as damage', () => {
    for (const name of ['window', 'append-log', 'hour-minutes', 'record']) {
      const bytes = golden(CURRENT, `${name}.bin`)
      const later = Buffer.from(bytes)
      later[0]! += 1
      const end = recordEnd(bytes)
      later.writeUInt32LE(crc32(bytes.subarray(5, end), crc32(later.subarray(0, 1))), 1)
      expect(recordsFault(later)).toBeInstanceOf(NewerFormatError)
      expect(recordsFault(later)?.message).toMatch('a later version of l2met wrote this (format 2;')
      for (let bit = 0; bit < Math.min(end, 400) * 8; bit += 1) {
        const flipped = Buffer.from(bytes)
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        expect(recordsFault(flipped)).toBeInstanceOf(DamagedError)
      }
    }
  })

  test('of before there were versions is refused by name', () => {
    // Values of commit e7ce6b3: an empty window, an hour, an append log.
    for (const [old, reason] of [
      [Buffer.of(1, 2, 0, 0), 'no format version'],
      [Buffer.of(2, 3, 99, 96, 0), 'no format version'],
      [Buffer.of(3, 2, 3, 0), 'no format version'],
      [Buffer.of(0x92, 0xd8, 0xcd, 0x55, 4, 1, 2, 0, 0), 'no record of l2met'],
    ] as const) {
      expect(recordsFault(old)).toBeInstanceOf(DamagedError)
      expect(recordsFault(old)?.message).toMatch(reason)
      expect(readAppendLog(old)).toEqual({ entries: [], lost: old.length })
    }
  })
})

function recordEnd(bytes: Buffer): number {
  const reader = createByteReader(bytes)
  nextRecord(reader)
  return reader.at
}
