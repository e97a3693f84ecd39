/** Bounds the bytes of the bodies that are being received and counted at one time, for each app and for all. */
export interface BodyRoom {
  /**
   * Takes room for a body, in turn; calls `then` with what gives it back (once), at once where there
   * is room, or with undefined when there was none in time. Until then the body isn't read, so that
   * its sender has to wait.
   */
  enter(app: string, bytes: number, then: (leave: Leave | undefined) => void): void
  /** Takes room where there is some at once, and nobody waits for it. */
  enterNow(app: string, bytes: number): Leave | undefined
}

export type Leave = () => void

interface Waiting {
  readonly app: string
  readonly bytes: number
  readonly admit: () => void
}

/** A body larger than a limit is let in when it is alone. */
export function createBodyRoom(options: {
  readonly limit: number
  /** The share that one app may take. */
  readonly appLimit: number
  readonly waitMs: number
}): BodyRoom {
  const { limit, appLimit, waitMs } = options
  const queue = new Set<Waiting>()
  const takenBy = new Map<string, number>()
  let taken = 0

  const fitsAll = (bytes: number) => taken === 0 || taken + bytes <= limit

  const fitsApp = (app: string, bytes: number) => {
    const own = takenBy.get(app) ?? 0
    return own === 0 || own + bytes <= appLimit
  }

  const change = (app: string, bytes: number) => {
    const own = (takenBy.get(app) ?? 0) + bytes
    taken += bytes
    if (own === 0) takenBy.delete(app)
    else takenBy.set(app, own)
  }

  const take = (app: string, bytes: number): Leave => {
    let isTaken = true
    change(app, bytes)
    return () => {
      if (!isTaken) return
      isTaken = false
      change(app, -bytes)
      admitNext()
    }
  }

  // Who waits for the room of all keeps those behind from overtaking; who waits for its own app doesn't.
  const admitNext = () => {
    for (const waiting of queue) {
      if (!fitsAll(waiting.bytes)) return
      if (!fitsApp(waiting.app, waiting.bytes)) continue
      queue.delete(waiting)
      waiting.admit()
    }
  }

  const enterNow = (app: string, bytes: number): Leave | undefined =>
    queue.size === 0 && fitsAll(bytes) && fitsApp(app, bytes) ? take(app, bytes) : undefined

  return {
    enterNow,
    enter: (app, bytes, then) => {
      const leave = enterNow(app, bytes)
      if (leave !== undefined) return then(leave)
      const timer = setTimeout(() => {
        queue.delete(waiting)
        then(undefined)
      }, waitMs)
      const waiting = {
        app,
        bytes,
        admit: () => {
          clearTimeout(timer)
          then(take(app, bytes))
        },
      }
      queue.add(waiting)
      return admitNext()
    },
  }
}
