/** Bounds the bytes of the bodies that are being received and counted at one time. */
export interface BodyRoom {
  /**
   * Takes room for a body, in turn; resolves with what gives it back (once), or with undefined when
   * there was none in time. Until then the body isn't read, so that its sender has to wait.
   */
  enter(bytes: number): Promise<(() => void) | undefined>
}

interface Waiting {
  readonly bytes: number
  readonly admit: () => void
}

/** A body larger than `limit` is let in when it is alone. */
export function createBodyRoom(options: {
  readonly limit: number
  readonly waitMs: number
}): BodyRoom {
  const { limit, waitMs } = options
  const queue = new Set<Waiting>()
  let taken = 0

  const fits = (bytes: number) => taken === 0 || taken + bytes <= limit

  const take = (bytes: number) => {
    let isTaken = true
    taken += bytes
    return () => {
      if (!isTaken) return
      isTaken = false
      taken -= bytes
      for (const waiting of queue) {
        if (!fits(waiting.bytes)) break
        queue.delete(waiting)
        waiting.admit()
      }
    }
  }

  return {
    enter: async (bytes) => {
      if (queue.size === 0 && fits(bytes)) return take(bytes)
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          queue.delete(waiting)
          resolve(undefined)
        }, waitMs)
        const waiting = {
          bytes,
          admit: () => {
            clearTimeout(timer)
            resolve(take(bytes))
          },
        }
        queue.add(waiting)
      })
    },
  }
}
