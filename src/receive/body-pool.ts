/**
 * Memory that requests are copied to and that is used again when they are answered. What they came in
 * lies outside of V8's heap: while they wait for the store it would outlive young collections, and some
 * tens of MB of it make V8 collect everything, several times a second.
 */
export interface BodyPool {
  /** At least so many bytes, holding anything. */
  take(bytes: number): Buffer
  /** Of `take`, once nobody reads it any more. */
  give(buffer: Buffer): void
}

const SMALLEST = 4096
/** Larger ones are rare and not kept. */
const LARGEST = 256 * 1024
/** What is kept at most, bytes. */
const KEPT = 8 * 1024 * 1024

export function createBodyPool(): BodyPool {
  const free = new Map<number, Buffer[]>()
  for (let size = SMALLEST; size <= LARGEST; size *= 2) free.set(size, [])
  let kept = 0
  return {
    take: (bytes) => {
      const size = sizeFor(bytes)
      const buffer = free.get(size)?.pop()
      if (buffer === undefined) return Buffer.allocUnsafeSlow(size)
      kept -= size
      return buffer
    },
    give: (buffer) => {
      const size = buffer.length
      if (kept + size > KEPT) return
      const same = free.get(size)
      if (same === undefined) return
      same.push(buffer)
      kept += size
    },
  }
}

/** The power of two that holds so many bytes; of large ones just what they need. */
function sizeFor(bytes: number): number {
  if (bytes > LARGEST) return bytes
  return Math.max(SMALLEST, 2 ** (32 - Math.clz32(bytes - 1)))
}
