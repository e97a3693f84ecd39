import { LINE_CLASSES, LINE_RESULTS } from '../model/line.ts'
import type { WindowEvent, WindowHeader } from '../model/window.ts'
import {
  type ByteReader,
  PackedError,
  readByte,
  readCount,
  readSigned,
  readText,
  readVarint,
} from './byte-reader.ts'
import { type ByteWriter, writeByte, writeSigned, writeText, writeVarint } from './byte-writer.ts'
import { readTime, writeTime } from './number.ts'

/** Takes the requests of one clock second (s since 1970). */
export type SecondSink = (second: number, requests: number) => void

const HAS_TIMES = 1
const HAS_LINES = 2
const HAS_SECONDS = 4
const HAS_EVENTS = 8

const EVENT_KINDS = ['release', 'scale', 'crash', 'restart', 'error'] as const

/** A time near those of the window's lines, ms; other times are written as distances from it. */
export function baseOf(frame: WindowHeader): number {
  return frame.first === Infinity ? 0 : frame.first
}

export function writeHeader(writer: ByteWriter, frame: WindowHeader): void {
  const hasTimes = frame.first !== Infinity
  const hasLines = frame.classes.some(isUsed) || frame.results.some(isUsed)
  writeByte(
    writer,
    (hasTimes ? HAS_TIMES : 0) +
      (hasLines ? HAS_LINES : 0) +
      (frame.seconds.size > 0 ? HAS_SECONDS : 0) +
      (frame.events.length > 0 ? HAS_EVENTS : 0),
  )
  if (hasTimes) {
    writeTime(writer, frame.first, 0)
    writeTime(writer, frame.last, frame.first)
  }
  if (hasLines) {
    writeCounts(writer, frame.classes)
    writeCounts(writer, frame.results)
  }
  if (frame.seconds.size > 0) writeSeconds(writer, frame.seconds)
  if (frame.events.length > 0) writeEvents(writer, frame.events, baseOf(frame))
}

/** The seconds go into the frame, or to `onSecond` where there is one. */
export function readHeader(reader: ByteReader, onSecond?: SecondSink): WindowHeader {
  const flags = readByte(reader)
  const first = flags & HAS_TIMES ? readTime(reader, 0) : Infinity
  const last = flags & HAS_TIMES ? readTime(reader, first) : -Infinity
  const hasLines = (flags & HAS_LINES) !== 0
  return {
    first,
    last,
    classes: readCounts(reader, hasLines, LINE_CLASSES.length),
    results: readCounts(reader, hasLines, LINE_RESULTS.length),
    seconds: readSeconds(reader, (flags & HAS_SECONDS) !== 0, onSecond),
    events: flags & HAS_EVENTS ? readEvents(reader, first === Infinity ? 0 : first) : [],
  }
}

// A bit for each that isn't zero, then these.
function writeCounts(writer: ByteWriter, counts: Float64Array): void {
  let mask = 0
  for (let i = 0; i < counts.length; i += 1) if (counts[i] !== 0) mask += 2 ** i
  writeVarint(writer, mask)
  for (const count of counts) if (count !== 0) writeVarint(writer, count)
}

function readCounts(reader: ByteReader, isThere: boolean, length: number): Float64Array {
  const counts = new Float64Array(length)
  if (!isThere) return counts
  const mask = readVarint(reader)
  if (mask >= 2 ** length)
    throw new PackedError('a packed window counts lines that it has no name for')
  for (let i = 0; i < length; i += 1) if (mask & (1 << i)) counts[i] = readVarint(reader)
  return counts
}

function writeSeconds(writer: ByteWriter, seconds: ReadonlyMap<number, number>): void {
  writeVarint(writer, seconds.size)
  let previous = 0
  for (const [second, count] of [...seconds].toSorted(([a], [b]) => a - b)) {
    writeSigned(writer, second - previous)
    writeVarint(writer, count)
    previous = second
  }
}

function readSeconds(
  reader: ByteReader,
  isThere: boolean,
  onSecond?: SecondSink,
): Map<number, number> {
  const seconds = new Map<number, number>()
  if (!isThere) return seconds
  const take = onSecond ?? ((second, requests) => seconds.set(second, requests))
  let second = 0
  for (let left = readCount(reader); left > 0; left -= 1) {
    second += readSigned(reader)
    take(second, readVarint(reader))
  }
  return seconds
}

function writeEvents(writer: ByteWriter, events: readonly WindowEvent[], base: number): void {
  writeVarint(writer, events.length)
  for (const { time, kind, text } of events) {
    writeTime(writer, time, base)
    writeByte(writer, EVENT_KINDS.indexOf(kind))
    writeText(writer, text)
  }
}

function readEvents(reader: ByteReader, base: number): WindowEvent[] {
  const events: WindowEvent[] = []
  for (let left = readCount(reader); left > 0; left -= 1) {
    const time = readTime(reader, base)
    const kind = EVENT_KINDS[readByte(reader)]
    if (kind === undefined) throw new PackedError('a packed window holds an event of no kind')
    events.push({ time, kind, text: readText(reader) })
  }
  return events
}

function isUsed(count: number): boolean {
  return count !== 0
}
