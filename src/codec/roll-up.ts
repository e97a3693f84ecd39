import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { deflateRaw } from 'node:zlib'
import { createByteReader } from './byte-reader.ts'
import {
  type ByteWriter,
  createByteWriter,
  writeBytes,
  writeVarint,
  writtenBytes,
} from './byte-writer.ts'
import { addPackedCell, writeCell } from './cell.ts'
import { type Deflater, createDeflater } from './deflater.ts'
import { DICTIONARY } from './dictionary.ts'
import { baseOf, writeHeader } from './window-header.ts'
import { writePresence } from './hour.ts'
import { type KeyWriter, createRawKeyWriter } from './key.ts'
import { createSums, recordOf } from './merge.ts'
import { type Cursor, advance, kindAt, mergedHeader, openCursor, takeFirst } from './records.ts'
import { RECORD, sealRecord } from './record.ts'
import { deflatePacked, readRecord } from './window.ts'
import type { Packer } from './packer.ts'
import { splitHour } from './hour-splitter.ts'
import { WIDTH_1M, HOUR_MS } from '../model/window-reader.ts'
import { createYielder } from './event-loop.ts'

/** An hour is rolled up so long after its end, ms; again only when lines don't come late any more. */
const FIRST_MS = 60_000
const AGAIN_MS = 16 * 60_000
/** Bytes that are deflated at once. */
const PIECE = 65_536
/** Fewer windows than this aren't worth it. */
const LEAST = 10

/** What takes the place of the coarse windows of an hour. */
export interface RolledHour {
  /** Their merge, a packed window (window.ts). */
  readonly total: Buffer
  /** Each of them (packed-hour.ts). */
  readonly minutes: Buffer
}

export interface PackedMinute {
  /** ms since 1970. */
  readonly start: number
  readonly packed: Buffer
}

/** The columns of the series of one namespace: who wants one of them often wants the others. */
interface Section {
  /** Those that are not deflated yet. */
  readonly columns: ByteWriter
  readonly deflater: Deflater
  /** The key of each and how many bytes its column takes. */
  readonly index: ByteWriter
  readonly writeKey: KeyWriter
  count: number
}

/** When the windows of an hour that are there may be rolled up, ms since 1970. */
export function rollUpTime(hour: number, isAgain: boolean): number {
  return hour + HOUR_MS + (isAgain ? AGAIN_MS : FIRST_MS)
}

/** Whether so many windows are worth rolling up. */
export function isWorthRollingUp(windows: number): boolean {
  return windows >= LEAST
}

const deflate = promisify(deflateRaw)

/**
 * Rolls up the packed coarse windows of an hour, with what was rolled up of it before (`minutes`).
 * Values are copied as they are packed; others have their turn in between.
 */
export async function rollUp(
  hour: number,
  loose: readonly PackedMinute[],
  options: { readonly packer: Packer; readonly maxSeries: number },
  minutes?: Buffer,
): Promise<RolledHour> {
  const { packer, maxSeries } = options
  const windows = minutes === undefined ? loose : await addTo(minutes, hour, loose)
  const cursors: Cursor[] = []
  for (const { packed } of windows) {
    const record = packer.repack(packed, maxSeries)
    cursors.push(openCursor(readRecord(createByteReader(record))))
    await setImmediate()
  }
  const { sections, total } = await gather(cursors)
  const starts = windows.map(({ start }) => start)
  return {
    total: deflatePacked(total),
    minutes: await writeMinutes(hour, starts, cursors, sections),
  }
}

/** All windows of an hour, of which some came after it was rolled up. */
async function addTo(
  minutes: Buffer,
  hour: number,
  loose: readonly PackedMinute[],
): Promise<PackedMinute[]> {
  const windows = await splitHour(minutes, hour, createYielder())
  for (const { start, packed } of loose) {
    const known = windows.get(start)
    windows.set(start, known === undefined ? packed : Buffer.concat([known, packed]))
  }
  return [...windows].toSorted(([a], [b]) => a - b).map(([start, packed]) => ({ start, packed }))
}

/** Walks through the series of all windows at once. */
async function gather(
  cursors: readonly Cursor[],
): Promise<{ sections: readonly Section[]; total: Buffer }> {
  const yielder = createYielder()
  const sections = new Map<string, Section>()
  const places = new Map(cursors.map((cursor, i) => [cursor, i]))
  const frame = mergedHeader(cursors)
  const base = baseOf(frame)
  const sums = createByteWriter()
  const writeKey = createRawKeyWriter()
  const sumOf = createSums()
  const same: Cursor[] = []
  let count = 0
  while (takeFirst(cursors, same)) {
    const [first] = same as [Cursor]
    const section = sectionOf(sections, first)
    const sum = sumOf(kindAt(first))
    writeKey(sums, first.key, first.length)
    section.writeKey(section.index, first.key, first.length)
    const { columns } = section
    const from = columns.at
    const present = same.map((cursor) => places.get(cursor)!)
    writePresence(columns, present, cursors.length)
    for (const cursor of same) {
      const { body } = cursor
      const { at } = body
      addPackedCell(body, sum, cursor.base)
      writeBytes(columns, body.bytes, at, body.at)
      advance(cursor)
    }
    writeCell(sums, sum, base)
    writeVarint(section.index, columns.at - from)
    section.count += 1
    count += 1
    if (columns.at >= PIECE) await deflateColumns(section)
    if (yielder.isOver()) await yielder.next()
  }
  return { sections: [...sections.values()], total: recordOf(frame, count, sums) }
}

function sectionOf(sections: Map<string, Section>, { key, length }: Cursor): Section {
  const text = key.toString('latin1', 0, length)
  const namespace = text.slice(text.indexOf('\0') + 1, text.indexOf('/'))
  let section = sections.get(namespace)
  if (section === undefined) {
    section = {
      columns: createByteWriter(),
      deflater: createDeflater(),
      index: createByteWriter(),
      writeKey: createRawKeyWriter(),
      count: 0,
    }
    sections.set(namespace, section)
  }
  return section
}

/** Columns of an hour may be tens of megabytes: they are deflated as they come. */
async function deflateColumns({ columns, deflater }: Section): Promise<void> {
  const piece = writtenBytes(columns)
  columns.at = 0
  await deflater.write(piece)
}

async function writeMinutes(
  hour: number,
  starts: readonly number[],
  cursors: readonly Cursor[],
  sections: readonly Section[],
): Promise<Buffer> {
  const index = createByteWriter()
  writeVarint(index, cursors.length)
  for (const [i, { frame }] of cursors.entries()) {
    writeVarint(index, (starts[i]! - hour) / WIDTH_1M)
    writeHeader(index, frame)
  }
  writeVarint(index, sections.length)
  const packed: Buffer[] = []
  for (const section of sections) {
    await deflateColumns(section)
    const deflated = await section.deflater.end()
    packed.push(deflated)
    writeVarint(index, deflated.length)
    writeVarint(index, section.count)
    writeBytes(index, section.index.bytes, 0, section.index.at)
  }
  const deflated = await deflate(writtenBytes(index), { dictionary: DICTIONARY })
  const length = createByteWriter(16)
  writeVarint(length, deflated.length)
  return sealRecord(RECORD.hour, [writtenBytes(length), deflated, ...packed])
}
