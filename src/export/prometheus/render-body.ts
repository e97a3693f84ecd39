import { takeTurns } from '../../store/take-turns.ts'
import type { MetricFamily } from './family.ts'
import type { Format } from './negotiate.ts'

const BLOCK_BYTES = 65_536
/** UTF-8 of one UTF-16 unit takes no more. */
const MOST_BYTES = 3

/**
 * Families as blocks of bytes, one after another. Not in one piece: malloc would keep the room of
 * megabytes that were freed. Gives others their turn in between.
 */
export async function renderBody(
  format: Format,
  families: readonly MetricFamily[],
): Promise<Buffer[]> {
  const turns = takeTurns()
  const blocks: Buffer[] = []
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  let length = 0

  const flush = () => {
    if (length > 0) blocks.push(Buffer.from(block.subarray(0, length)))
    length = 0
  }

  for (const piece of format.render(families)) {
    const most = piece.length * MOST_BYTES
    if (length + most > BLOCK_BYTES) flush()
    if (most > BLOCK_BYTES) blocks.push(Buffer.from(piece as string))
    else
      length += typeof piece === 'string' ? block.write(piece, length) : piece.copy(block, length)
    if (turns.isOver()) await turns.next()
  }
  flush()
  return blocks
}
