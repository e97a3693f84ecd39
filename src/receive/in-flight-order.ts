/** What the limiter asks of whoever reads a body. */
export interface BodyReader {
  /** There is room to read on. */
  readonly resume: () => void
  /** The body is given up, and is released already. Called at most once, and not after `complete`. */
  readonly refuse: (reason: string) => void
}

/** What an app has in flight. */
export interface App {
  bodies: number
  held: number
  /** Of its bodies that wait. */
  unread: number
}

/** A body in flight. Only the limiter changes it. */
export interface Body {
  readonly app: App
  reader: BodyReader
  /** What its sender declared. */
  readonly length: number
  stage: 'arriving' | 'unpacking' | 'complete' | 'released'
  isWaiting: boolean
  held: number
  /** Part of `held` that was counted ahead when the body was resumed. */
  promised: number
  /** Bytes that Node may have read and that were not added yet. */
  readonly unread: number
  /** Bytes since the last check. */
  recent: number
  /** When it began to wait or to read on, by performance.now(). */
  since: number
}

/** How much a body holds for what arrives of it. */
export function slowness({ held, recent }: Body): number {
  return held / (recent + 1)
}

/** Of the bodies that fit, the one whose app holds least; of those, the one that waits longest. */
export function leastHeld(bodies: Iterable<Body>, fits: (body: Body) => boolean): Body | undefined {
  let best: Body | undefined
  for (const body of bodies)
    if ((best === undefined || body.app.held < best.app.held) && fits(body)) best = body
  return best
}

/** The newest body of the app whose waiting bodies take most memory. */
export function newestOfBusiest(bodies: Iterable<Body>): Body {
  let found: Body | undefined
  for (const body of bodies)
    if (found === undefined || body.app.unread >= found.app.unread) found = body
  return found!
}
