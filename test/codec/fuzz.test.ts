import { crc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstEntry, readAppendLog } from '../../src/codec/append-log.ts'
import { PackedError, createByteReader } from '../../src/codec/byte-reader.ts'
import { createYielder } from '../../src/codec/event-loop.ts'
import { splitHour } from '../../src/codec/hour-splitter.ts'
import { visitHour } from '../../src/codec/hour.ts'
import { mergeRecords } from '../../src/codec/merge.ts'
import { createPacker } from '../../src/codec/packer.ts'
import {
  RECORD,
  type RecordType,
  firstRecordLength,
  nextRecord,
  recordsFault,
  sealRecord,
} from '../../src/codec/record.ts'
import { createVisitor, unpack, visitPacked } from '../../src/codec/record-visitor.ts'
import { readTotals } from '../../src/codec/stored-totals.ts'
import { inflate, seriesIn } from '../../src/codec/window.ts'
import { HOUR_MS } from '../../src/model/window-reader.ts'
import { GOLDEN_HOUR, goldenValues } from '../support/golden-values.ts'
import { windowsInto } from '../support/read-windows.ts'

/** Every decoder of stored bytes. */
const DECODERS: Readonly<Record<string, (bytes: Buffer) => unknown>> = {
  records: (bytes) => recordsFault(bytes),
  nextRecord: (bytes) => nextRecord(createByteReader(bytes)),
  firstRecordLength,
  seriesIn,
  inflate: (bytes) => inflate(bytes, {}),
  unpack: (bytes) => unpack(bytes, 100),
  mergeRecords: (bytes) => mergeRecords(bytes, 100),
  repack: (bytes) => createPacker().repack(bytes, 100),
  visitPacked: (bytes) => visitPacked(bytes, 0, createVisitor([windowsInto(new Map())]), 100),
  firstEntry,
  readAppendLog,
  totals: (bytes) => [
    readTotals(bytes, Buffer.alloc(0), 100),
    readTotals(Buffer.alloc(0), bytes, 100),
  ],
  splitHour: async (bytes) => splitHour(bytes, GOLDEN_HOUR, createYielder()),
  visitHour: async (bytes) =>
    visitHour(
      bytes,
      GOLDEN_HOUR,
      { from: GOLDEN_HOUR, to: GOLDEN_HOUR + HOUR_MS },
      createVisitor([windowsInto(new Map())]),
      createYielder(),
    ),
}

async function expectValueOrNamedError(bytes: Buffer): Promise<void> {
  for (const [name, decode] of Object.entries(DECODERS)) {
    try {
      await decode(Buffer.from(bytes))
    } catch (error) {
      expect(error, name).toBeInstanceOf(PackedError)
    }
  }
}

const types = fc.constantFrom<RecordType>(...Object.values(RECORD))
const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 })

describe('any bytes are read or refused by name', () => {
  test('bytes of no meaning, alone and in an envelope', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), types, async (some, type) => {
        await expectValueOrNamedError(Buffer.from(some))
        await expectValueOrNamedError(sealRecord(type, [some]))
      }),
      { numRuns: 400 },
    )
  })

  test('stored values with other bytes in them, with the CRC-32 that these have', async () => {
    const values = [...(await goldenValues()).values()].filter(({ length }) => length < 6000)
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...values), changes, fc.nat(), async (value, list, cut) => {
        const bytes = Buffer.from(value.subarray(0, Math.max(8, value.length - (cut % 40))))
        for (const [at, byte] of list) bytes[5 + (at % (bytes.length - 5))] = byte
        await expectValueOrNamedError(bytes)
        const content = bytes.subarray(firstRecordStart(value))
        await expectValueOrNamedError(sealRecord(value[5] as RecordType, [content]))
      }),
      { numRuns: 150 },
    )
  })

  test('an append log that is all beginnings of records takes no time to speak of', () => {
    const bytes = Buffer.alloc(200_000)
    // Each says that it goes on to the end, so that its CRC-32 has to be reckoned.
    for (let at = 0; at + 10 < bytes.length; at += 10) {
      bytes[at] = 0xf9
      bytes[at + 5] = RECORD.delta
      const length = bytes.length - at - 9
      bytes.set([(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14], at + 6)
    }
    const before = process.cpuUsage()
    expect(readAppendLog(bytes)).toEqual({ entries: [], lost: bytes.length })
    // Of 20,000 records that would be read in full, 16 are: 3 MB.
    const hashed = 16 * bytes.length
    const time = process.cpuUsage(before).user
    crc32(Buffer.alloc(hashed))
    expect(time).toBeLessThan(5e6)
  })

  test('an entry that is damaged costs itself, wherever the bit is', () => {
    const packer = createPacker()
    const entries = Array.from({ length: 5 }, (_, i) =>
      packer.packEntryInTurns(i * 10_000, unpack(packer.packAccumulators([]), 1), createYielder()),
    )
    return Promise.all(entries).then((list) => {
      const log = Buffer.concat(list)
      for (let bit = 0; bit < log.length * 8; bit += 1) {
        const flipped = Buffer.from(log)
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        const { entries: left, lost } = readAppendLog(flipped)
        const hit = Math.floor((bit >> 3) / list[0]!.length)
        expect(left.map(({ start }) => start / 10_000)).toEqual(
          [0, 1, 2, 3, 4].filter((i) => i !== hit),
        )
        expect(lost).toBe(list[hit]!.length)
      }
    })
  })
})

function firstRecordStart(value: Buffer): number {
  const { content } = nextRecord(createByteReader(value))
  return content.at
}
