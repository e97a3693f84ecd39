import type { Kind } from '../model/series.ts'
import type { WindowHeader } from '../model/window.ts'
import { type ByteReader, readCount, readVarint, skipBytes } from './byte-reader.ts'
import { type ByteWriter, createByteWriter, writeBytes } from './byte-writer.ts'
import { skipCell } from './cell.ts'
import { readHeader } from './window-header.ts'
import { MINUTES, inflatePart, readHourRecord, readIndex, readPresence } from './hour.ts'
import { type TextKeyWriter, createKeyReader, createKeyWriter } from './key.ts'
import { recordOf } from './merge.ts'
import { WIDTH_1M } from '../model/window-reader.ts'
import type { Yielder } from './event-loop.ts'

interface SplitWindow {
  readonly start: number
  readonly frame: WindowHeader
  /** Keys and values of its series. */
  readonly cells: ByteWriter
  readonly writeKey: TextKeyWriter
  count: number
}

interface SplitColumn {
  readonly key: string
  readonly kind: Kind
  readonly values: ByteReader
}

/** The windows of a packed hour by their starts (ms since 1970), each as one plain record. */
export async function splitHour(
  packed: Buffer,
  hour: number,
  yielder: Yielder,
): Promise<Map<number, Buffer>> {
  const bytes = readHourRecord(packed)
  const index = readIndex(bytes)
  const windows: SplitWindow[] = []
  for (let left = readCount(index, MINUTES); left > 0; left -= 1) {
    const start = hour + readVarint(index) * WIDTH_1M
    const [frame, cells] = [readHeader(index), createByteWriter()]
    windows.push({ start, frame, cells, writeKey: createKeyWriter(), count: 0 })
  }
  const columns: SplitColumn[] = []
  const keys = createKeyReader((key, kind) => ({ key, kind }))
  for (let left = readCount(index); left > 0; left -= 1) {
    const section = inflatePart(bytes, readVarint(index))
    keys.start()
    for (let series = readCount(index); series > 0; series -= 1) {
      const target = keys.next(index)
      const width = readVarint(index)
      const at = skipBytes(section, width)
      columns.push({ ...target, values: { bytes: section.bytes, at, end: at + width } })
    }
  }
  columns.sort((a, b) => (a.key < b.key ? -1 : 1))
  for (const { key, kind, values } of columns) {
    for (const window of readPresence(values, windows)) {
      const { at } = values
      skipCell(values, kind)
      window.writeKey(window.cells, key)
      writeBytes(window.cells, values.bytes, at, values.at)
      window.count += 1
    }
    if (yielder.isOver()) await yielder.next()
  }
  return new Map(
    windows.map(({ start, frame, count, cells }) => [start, recordOf(frame, count, cells)]),
  )
}
