import { takeTurns } from '../../store/take-turns.ts'
import type { MetricFamily } from './family.ts'
import type { Format } from './negotiate.ts'

const FIRST_BYTES = 65_536
/** UTF-8 of one UTF-16 unit takes no more. */
const MOST_BYTES = 3

/** Families in one piece. Gives others their turn in between. */
export async function renderBody(
  format: Format,
  families: readonly MetricFamily[],
): Promise<Buffer> {
  const turns = takeTurns()
  let body = Buffer.allocUnsafe(FIRST_BYTES)
  let length = 0
  for (const piece of format.render(families)) {
    const end = length + piece.length * MOST_BYTES
    if (end > body.length) {
      const longer = Buffer.allocUnsafe(Math.max(end, body.length * 4))
      body.copy(longer, 0, 0, length)
      body = longer
    }
    length += typeof piece === 'string' ? body.write(piece, length) : piece.copy(body, length)
    if (turns.isOver()) await turns.next()
  }
  return body.subarray(0, length)
}
