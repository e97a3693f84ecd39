import { createYielder } from '../../codec/event-loop.ts'
import { createBodyWriter, takeWritten, type BodyWriter } from './body-writer.ts'
import type { MetricFamily } from './family.ts'
import { OPENMETRICS_TYPE, renderOpenMetrics } from './openmetrics.ts'
import { PROTOBUF_TYPE, renderProtobuf } from './protobuf.ts'
import { TEXT_TYPE, renderText } from './text.ts'

/** One way to write families, with its exact Content-Type. */
export interface Format {
  readonly contentType: string
  /**
   * Writes families; stops now and then, to be asked to go on, and says whether what was written may
   * be taken away.
   */
  readonly render: (families: readonly MetricFamily[], writer: BodyWriter) => Iterable<boolean>
}

export const TEXT: Format = { contentType: TEXT_TYPE, render: renderText }
export const OPENMETRICS: Format = { contentType: OPENMETRICS_TYPE, render: renderOpenMetrics }
export const PROTOBUF: Format = { contentType: PROTOBUF_TYPE, render: renderProtobuf }

/**
 * The format that an Accept header (RFC 9110) wants most: by q, then by order. Text 0.0.4 when it
 * names none of ours: a scraper is never refused for it.
 */
export function chooseFormat(accept: string | undefined): Format {
  let best = TEXT
  let bestQ = 0
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...rest] = range.split(';').map((part) => part.trim().toLowerCase())
    const parameters = new Map(rest.map(readParameter))
    const format = formatOf(type, parameters)
    const q = readQ(parameters.get('q'))
    if (format === undefined || q <= bestQ) continue
    best = format
    bestQ = q
  }
  return best
}

function formatOf(type: string, parameters: ReadonlyMap<string, string>): Format | undefined {
  const version = parameters.get('version')
  switch (type) {
    case 'application/vnd.google.protobuf': {
      const isOurs =
        (parameters.get('proto') ?? MESSAGE) === MESSAGE &&
        (parameters.get('encoding') ?? 'delimited') === 'delimited'
      return isOurs ? PROTOBUF : undefined
    }
    case 'application/openmetrics-text':
      return version === undefined || version === '1.0.0' ? OPENMETRICS : undefined
    case 'text/plain':
      return version === undefined || version === '0.0.4' ? TEXT : undefined
    case 'text/*':
    case '*/*':
      return TEXT
    default:
      return undefined
  }
}

const MESSAGE = 'io.prometheus.client.metricfamily'

function readParameter(part: string): [string, string] {
  const at = part.indexOf('=')
  if (at < 0) return [part, '']
  const value = part.slice(at + 1).trim()
  return [part.slice(0, at).trim(), value.replace(/^"(.*)"$/, '$1')]
}

/** 1 without a q; 0, which means never, for one that isn't a number. */
function readQ(text: string | undefined): number {
  if (text === undefined) return 1
  const q = Number(text)
  return text !== '' && q >= 0 && q <= 1 ? q : 0
}

const BLOCK_BYTES = 65_536

/**
 * Families as blocks of bytes, one after another. Not in one piece: malloc would keep the room of
 * megabytes that were freed. Gives others their turn in between.
 */
export async function renderBody(
  format: Format,
  families: readonly MetricFamily[],
): Promise<Buffer[]> {
  const yielder = createYielder()
  const writer = createBodyWriter()
  const blocks: Buffer[] = []
  for (const isWhole of format.render(families, writer)) {
    if (isWhole && writer.length >= BLOCK_BYTES) blocks.push(takeWritten(writer))
    if (yielder.isOver()) await yielder.next()
  }
  if (writer.length > 0) blocks.push(takeWritten(writer))
  return blocks
}
