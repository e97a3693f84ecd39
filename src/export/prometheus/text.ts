import type { Sketch } from '../../model/sketch.ts'
import { sumValue } from '../../model/sum.ts'
import {
  type BodyWriter,
  writeAgain,
  writeByte,
  writeBytes,
  writeNumber,
  writeText,
} from './body-writer.ts'
import type { LabelText, MetricFamily, Sample, Summary } from './family.ts'
import { cumulativeCounts } from './bucket-bounds.ts'

export const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Lines between two stops. */
const PIECE = 500

/** Prometheus' text format 0.0.4; stops now and then, to be asked to go on. */
export function* renderText(
  families: readonly MetricFamily[],
  writer: BodyWriter,
): Generator<boolean> {
  for (const family of families) {
    const { name, type } = family
    const shown = type === 'info' ? 'gauge' : type
    writeText(writer, `# HELP ${name} ${escapeHelp(family.help)}\n# TYPE ${name} ${shown}\n`)
    yield* renderSamples(family, name, TEXT_STYLE, writer)
  }
}

/** What the text formats write differently. */
export interface TextStyle {
  readonly formatBound: (bound: number) => string
  /** Whether a histogram with values below zero has a sum and a count. */
  readonly sumsNegative: boolean
}

const TEXT_STYLE: TextStyle = { formatBound, sumsNegative: true }

/** The samples of a family, which both text formats write alike but for their style. */
export function* renderSamples(
  family: MetricFamily,
  name: string,
  style: TextStyle,
  writer: BodyWriter,
): Generator<boolean> {
  const write = writeSampleOf(family, name, style)
  const lines = family.type === 'histogram' ? family.bucketBounds.length + 3 : 1
  const size = Math.ceil(PIECE / lines)
  for (let at = 0; at < family.samples.length; at += 1) {
    if (at % size === 0) yield true
    write(writer, at)
  }
}

/** What writes a family's sample of a place. */
function writeSampleOf(
  family: MetricFamily,
  name: string,
  style: TextStyle,
): (writer: BodyWriter, at: number) => void {
  if (family.type === 'histogram') {
    const { samples, bucketBounds } = family
    const { formatBound, sumsNegative } = style
    const bounds = [...bucketBounds.map(formatBound), '+Inf'].map((bound) =>
      Buffer.from(`le="${bound}"} `),
    )
    const heads = {
      bucket: Buffer.from(`${name}_bucket{`),
      sum: Buffer.from(`${name}_sum`),
      count: Buffer.from(`${name}_count`),
    }
    return (writer, at) => {
      const sample = samples[at]!
      const { negative } = sample.value
      writeBuckets(writer, sample, heads.bucket, bucketBounds, bounds)
      if (negative === undefined || sumsNegative) writeTotals(writer, sample, heads)
    }
  }
  if (family.type === 'summary') {
    const { samples } = family
    return (writer, at) => writeSummary(writer, samples[at]!, name)
  }
  const { samples } = family
  const head = Buffer.from(name)
  return (writer, at) => {
    const { labels, value } = samples[at]!
    writeLine(writer, head, labels, value)
  }
}

function writeBuckets(
  writer: BodyWriter,
  { labels, value }: Sample<Sketch>,
  head: Uint8Array,
  bucketBounds: readonly number[],
  bounds: readonly Uint8Array[],
): void {
  const counts = cumulativeCounts(value, bucketBounds)
  const start = writer.length
  writeBytes(writer, head)
  writeText(writer, labels)
  if (labels !== '') writeByte(writer, COMMA)
  const end = writer.length
  for (let i = 0; i < bounds.length; i += 1) {
    if (i > 0) writeAgain(writer, start, end)
    writeBytes(writer, bounds[i]!)
    writeNumber(writer, counts[i] ?? value.count)
    writeByte(writer, NEWLINE)
  }
}

function writeTotals(
  writer: BodyWriter,
  { labels, value }: Sample<Sketch>,
  heads: { readonly sum: Uint8Array; readonly count: Uint8Array },
): void {
  writeLine(writer, heads.sum, labels, sumValue(value))
  writeLine(writer, heads.count, labels, value.count)
}

function writeSummary(writer: BodyWriter, { labels, value }: Sample<Summary>, name: string): void {
  const start = labels === '' ? '' : `${labels},`
  const head = Buffer.from(name)
  for (const [q, at] of value.quantiles) writeLine(writer, head, `${start}quantile="${q}"`, at)
  writeLine(writer, Buffer.from(`${name}_sum`), labels, value.sum)
  writeLine(writer, Buffer.from(`${name}_count`), labels, value.count)
}

/** One sample, its name as bytes. */
function writeLine(writer: BodyWriter, name: Uint8Array, labels: LabelText, value: number): void {
  writeBytes(writer, name)
  if (labels !== '') {
    writeByte(writer, OPEN)
    writeText(writer, labels)
    writeByte(writer, CLOSE)
  }
  writeByte(writer, SPACE)
  if (Number.isFinite(value)) writeNumber(writer, value)
  else writeText(writer, formatValue(value))
  writeByte(writer, NEWLINE)
}

const NEWLINE = 10
const SPACE = 32
const COMMA = 44
const OPEN = 123
const CLOSE = 125

function escapeHelp(help: string): string {
  return help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')
}

/** A value as Prometheus reads it. */
export function formatValue(value: number): string {
  if (value === Infinity) return '+Inf'
  return value === -Infinity ? '-Inf' : String(value)
}

/** A bucket's bound in text 0.0.4, as Prometheus' own clients write it: `0.5`, `1`, `1e+06`. */
export function formatBound(bound: number): string {
  return bound >= 1e6 ? withExponent(bound) : String(bound)
}

/** A bucket's bound in the canonical form of OpenMetrics: `0.5`, `1.0`, `1e+06`. */
export function formatCanonicalBound(bound: number): string {
  const text = formatBound(bound)
  return /^\d+$/.test(text) ? `${text}.0` : text
}

function withExponent(bound: number): string {
  return bound.toExponential().replace(/e\+(\d)$/, 'e+0$1')
}
