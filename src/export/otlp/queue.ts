/** Everything is cumulative: what is dropped here only makes the line of a chart coarser. */
const MAX_BYTES = 16 * 2 ** 20

/** Bodies that wait to be sent, oldest first; beyond MAX_BYTES the oldest make room. */
export interface Queue {
  push(body: Buffer): void
  first(): Buffer | undefined
  remove(body: Buffer): void
  /** How many were dropped to make room since the last call. */
  takeDropped(): number
}

export function createQueue(maxBytes = MAX_BYTES): Queue {
  const bodies: Buffer[] = []
  let bytes = 0
  let dropped = 0

  const remove = (body: Buffer) => {
    const at = bodies.indexOf(body)
    if (at < 0) return
    bodies.splice(at, 1)
    bytes -= body.length
  }

  const isFull = () => bytes > maxBytes

  return {
    push: (body) => {
      bodies.push(body)
      bytes += body.length
      while (bodies.length > 1 && isFull()) {
        remove(bodies[0]!)
        dropped += 1
      }
    },
    first: () => bodies[0],
    remove,
    takeDropped: () => {
      const n = dropped
      dropped = 0
      return n
    },
  }
}
