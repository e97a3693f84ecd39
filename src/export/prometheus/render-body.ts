import { takeTurns } from '../../codec/event-loop.ts'
import { createBodyWriter, takeWritten } from './body-writer.ts'
import type { MetricFamily } from './family.ts'
import type { Format } from './negotiate.ts'

const BLOCK_BYTES = 65_536

/**
 * Families as blocks of bytes, one after another. Not in one piece: malloc would keep the room of
 * megabytes that were freed. Gives others their turn in between.
 */
export async function renderBody(
  format: Format,
  families: readonly MetricFamily[],
): Promise<Buffer[]> {
  const turns = takeTurns()
  const writer = createBodyWriter()
  const blocks: Buffer[] = []
  for (const isWhole of format.render(families, writer)) {
    if (isWhole && writer.length >= BLOCK_BYTES) blocks.push(takeWritten(writer))
    if (turns.isOver()) await turns.next()
  }
  if (writer.length > 0) blocks.push(takeWritten(writer))
  return blocks
}
