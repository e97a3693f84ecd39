import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { deflateRaw } from 'node:zlib'
import { type Cell, createCell } from '../model/cell.ts'
import { type Window, type WindowFrame, createWindow, mergeFrame } from '../model/window.ts'
import { createByteReader, readCount } from './byte-reader.ts'
import {
  type ByteWriter,
  createByteWriter,
  writeBytes,
  writeVarint,
  writtenBytes,
} from './byte-writer.ts'
import { addPackedCell } from './packed-cell.ts'
import { DICTIONARY } from './packed-dictionary.ts'
import { baseOf, readFrame, writeFrame } from './packed-frame.ts'
import { HOUR, visitHour, writePresence } from './packed-hour.ts'
import { type KeyReader, createKeyReader, createKeyWriter } from './packed-key.ts'
import { createVisitor, visitPacked } from './packed-visit.ts'
import { deflatePacked, readRecord, recordHead } from './packed.ts'
import type { Packer } from './packer.ts'
import { windowsInto } from './read-windows.ts'
import { COARSE_MS, HOUR_MS } from './store.ts'
import { takeTurns } from './take-turns.ts'

/** An hour is rolled up so long after its end, ms; again only when lines don't come late any more. */
const FIRST_MS = 60_000
const AGAIN_MS = 16 * 60_000
/** Fewer windows than this aren't worth it. */
const LEAST = 10

/** What takes the place of the coarse windows of an hour. */
export interface RolledHour {
  /** Their merge, a packed window (packed.ts). */
  readonly total: Buffer
  /** Each of them (packed-hour.ts). */
  readonly minutes: Buffer
}

export interface PackedMinute {
  /** ms since 1970. */
  readonly start: number
  readonly packed: Buffer
}

/** Where the packed values of a series are: of each window that has it, which, from where and to where. */
interface Column {
  readonly sum: Cell
  readonly windows: number[]
  readonly from: number[]
  readonly to: number[]
}

interface Source {
  readonly start: number
  readonly frame: WindowFrame
  /** In which the columns say where. */
  readonly bytes: Buffer
}

interface Parts {
  readonly sources: Source[]
  /** By seriesKey. */
  readonly columns: Map<string, Column>
  readonly total: Window
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
  const windows = minutes === undefined ? loose : await addTo(minutes, hour, loose, options)
  const parts: Parts = { sources: [], columns: new Map(), total: createWindow() }
  const keys = createKeyReader((key, kind) => {
    const column = { windows: [], from: [], to: [], sum: createCell(kind) }
    parts.columns.set(key, column)
    parts.total.cells.set(key, column.sum)
    return column
  })
  for (const { start, packed } of windows) {
    gather(parts, start, packer.repack(packed, maxSeries), keys)
    await setImmediate()
  }
  const written = await writeMinutes(hour, parts)
  return { total: deflatePacked(packer.packWindow(parts.total)), minutes: written }
}

/** All windows of an hour, of which some came after it was rolled up. */
async function addTo(
  minutes: Buffer,
  hour: number,
  loose: readonly PackedMinute[],
  { packer, maxSeries }: { readonly packer: Packer; readonly maxSeries: number },
): Promise<PackedMinute[]> {
  const windows = new Map<number, Window>()
  const visitor = createVisitor([windowsInto(windows)])
  await visitHour(minutes, hour, { from: hour, to: hour + HOUR_MS }, visitor, takeTurns())
  for (const { start, packed } of loose) visitPacked(packed, start, visitor, maxSeries)
  const all: PackedMinute[] = []
  for (const [start, window] of [...windows].toSorted(([a], [b]) => a - b)) {
    all.push({ start, packed: packer.packWindow(window) })
    await setImmediate()
  }
  return all
}

/** Notes where the values of a record are, and adds them to the total. */
function gather(
  { sources, total }: Parts,
  start: number,
  record: Buffer,
  keys: KeyReader<Column>,
): void {
  const body = readRecord(createByteReader(record))
  const frame = readFrame(body)
  mergeFrame(total, frame)
  const base = baseOf(frame)
  keys.start()
  for (let left = readCount(body); left > 0; left -= 1) {
    const { windows, from, to, sum } = keys.next(body)
    windows.push(sources.length)
    from.push(body.at)
    addPackedCell(body, sum, base)
    to.push(body.at)
  }
  sources.push({ start, frame, bytes: body.bytes })
}

async function writeMinutes(hour: number, { sources, columns }: Parts): Promise<Buffer> {
  const index = createByteWriter()
  writeVarint(index, sources.length)
  for (const { start, frame } of sources) {
    writeVarint(index, (start - hour) / COARSE_MS)
    writeFrame(index, frame)
  }
  const sections = keysBySection(columns)
  writeVarint(index, sections.length)
  const packed: Buffer[] = []
  for (const keys of sections) {
    const section = createByteWriter()
    const lengths = keys.map((key) => writeColumn(section, columns.get(key)!, sources))
    const deflated = await deflate(writtenBytes(section))
    packed.push(deflated)
    writeVarint(index, deflated.length)
    writeVarint(index, keys.length)
    const writeKey = createKeyWriter()
    for (const [i, key] of keys.entries()) {
      writeKey(index, key)
      writeVarint(index, lengths[i]!)
    }
  }
  const deflated = await deflate(writtenBytes(index), { dictionary: DICTIONARY })
  return Buffer.concat([recordHead(HOUR, deflated.length), deflated, ...packed])
}

/** Returns how many bytes it takes. */
function writeColumn(
  section: ByteWriter,
  { windows, from, to }: Column,
  sources: readonly Source[],
): number {
  const { at } = section
  writePresence(section, windows, sources.length)
  for (const [i, window] of windows.entries()) {
    writeBytes(section, sources[window]!.bytes.subarray(from[i], to[i]))
  }
  return section.at - at
}

/** Sorted keys, those of one namespace together: who wants one of them often wants the others. */
function keysBySection(columns: ReadonlyMap<string, Column>): string[][] {
  const sections = new Map<string, string[]>()
  for (const key of [...columns.keys()].toSorted()) {
    const namespace = key.slice(key.indexOf('\0') + 1, key.indexOf('/'))
    const section = sections.get(namespace)
    if (section === undefined) sections.set(namespace, [key])
    else section.push(key)
  }
  return [...sections.values()]
}
