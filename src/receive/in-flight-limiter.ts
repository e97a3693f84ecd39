import {
  type App,
  type Body,
  type BodyReader,
  leastHeld,
  newestOfBusiest,
  slowness,
} from './in-flight-order.ts'

/**
 * Bounds the bytes of request bodies in memory: those being read, unpacked, counted or waiting for the
 * store. Bytes count from their arrival, whatever length was declared, until `release`.
 */
export interface InFlightLimiter {
  /**
   * Admits a body of `app`, which may be read once `add` of 0 is true or `resume` is called. `length` is
   * what its sender declared.
   */
  acquire(app: string, length: number | undefined, reader: BodyReader): Body
  /** Counts bytes that have arrived or were unpacked. False: read no more until `resume` is called. */
  add(body: Body, bytes: number): boolean
  /** Gives back some of what was added. */
  remove(body: Body, bytes: number): void
  /** The sender has sent everything, so that the body can't be too slow: `reader` will unpack it. */
  arrived(body: Body, reader: BodyReader): void
  /** Nothing more will be added: the body is neither paused nor refused any more. */
  complete(body: Body): void
  /** Gives everything back. Only the first call has an effect. */
  release(body: Body): void
}

export interface InFlightLimits {
  /** Bytes of all bodies together, but for the first one that has begun: it always ends. */
  readonly limit: number
  /** How long a body may be paused, ms. */
  readonly waitMs: number
  /** While bodies wait, those that arrive more slowly than this may be refused, bytes per second. */
  readonly slowRate: number
  /** Bytes that Node may have read of bodies that wait. */
  readonly maxUnread: number
}

/** Node reads so many bytes of a sender before it can be paused. */
const PIECE = 64 * 1024
/** An app may hold this many times what is free. */
const SHARE = 2
/** Two of Logplex's bodies, bytes: whatever others hold, an app doesn't wait for slow ones with less. */
const USUAL = 256 * 1024
const CHECK_MS = 250
const MAX_APPS = 1000
const NO_ROOM = 'too many bodies are in flight: there was no room for it in time'
const TOO_SLOW = 'it arrived too slowly while other bodies had to wait for room'

/**
 * Room is shared by dynamic thresholds (Choudhury and Hahne, 1998): an app may hold twice as much as is
 * free. One app alone gets two thirds of all room, two get two fifths each, and there is always some for
 * the next. When all of it is taken by bodies that haven't ended, the one that began first may go on.
 */
export function createInFlightLimiter(limits: InFlightLimits): InFlightLimiter {
  const { limit, waitMs, slowRate, maxUnread } = limits
  const apps = new Map<string, App>()
  /** Bodies that have begun and haven't come whole, in the order of their first bytes. */
  const growing = new Set<Body>()
  const waiting = new Set<Body>()
  let total = 0
  /** Part of `total`: of bodies that are complete, and will be released. */
  let complete = 0
  let unread = 0
  let checks: NodeJS.Timeout | undefined

  const change = (body: Body, bytes: number) => {
    body.held += bytes
    body.app.held += bytes
    total += bytes
    if (body.stage === 'complete') complete += bytes
  }

  const mayGrow = (body: Body): boolean => {
    if (total < limit && body.app.held <= SHARE * (limit - total)) return true
    return complete === 0 && growing.values().next().value === body
  }

  const wait = (body: Body) => {
    body.isWaiting = true
    body.since = performance.now()
    body.app.unread += body.unread
    unread += body.unread
    waiting.add(body)
    checks ??= setInterval(check, CHECK_MS).unref()
    if (unread > maxUnread) refuse(newestOfBusiest(waiting), NO_ROOM)
  }

  const endWait = (body: Body) => {
    if (!body.isWaiting) return
    body.isWaiting = false
    body.since = performance.now()
    body.app.unread -= body.unread
    unread -= body.unread
    waiting.delete(body)
  }

  /** Resumes bodies while there is room, first those of the app that holds least. */
  const admit = () => {
    for (;;) {
      const next = leastHeld(waiting, mayGrow)
      if (next === undefined) return
      endWait(next)
      next.recent = 0
      next.promised = PIECE
      growing.add(next)
      change(next, PIECE)
      next.reader.resume()
    }
  }

  const release = (body: Body) => {
    if (body.stage === 'released') return
    endWait(body)
    growing.delete(body)
    change(body, -body.held)
    body.stage = 'released'
    body.app.bodies -= 1
    admit()
  }

  const refuse = (body: Body, reason: string) => {
    release(body)
    body.reader.refuse(reason)
  }

  const check = () => {
    const now = performance.now()
    for (const body of waiting) if (now - body.since >= waitMs) refuse(body, NO_ROOM)
    const slow = [...growing]
      .filter(
        ({ stage, isWaiting, since, recent }) =>
          stage === 'arriving' &&
          !isWaiting &&
          now - since >= CHECK_MS &&
          recent < (slowRate * CHECK_MS) / 1000,
      )
      .toSorted((a, b) => slowness(b) - slowness(a))
    for (const body of growing) body.recent = 0
    let first: Body | undefined
    let heldBySlow = slow.reduce((sum, { held }) => sum + held, 0)
    for (const body of slow) {
      if (first?.isWaiting !== true)
        first = leastHeld(waiting, ({ since }) => now - since >= CHECK_MS)
      // Nobody is refused in vain.
      if (first === undefined || first.app.held / SHARE - (limit - total) > heldBySlow) break
      heldBySlow -= body.held
      // Other apps don't make room for one that holds more than they do.
      if (first.app.held <= USUAL || body.app.held >= first.app.held) refuse(body, TOO_SLOW)
    }
    if (waiting.size > 0) return
    clearInterval(checks)
    checks = undefined
  }

  const add = (body: Body, bytes: number): boolean => {
    if (body.stage === 'released') return false
    // Most bodies come in one piece, and a set that changes all the time is a burden on the collector.
    if (bytes > 0 && body.held + bytes < body.length) growing.add(body)
    change(body, bytes - body.promised)
    body.promised = 0
    body.recent += bytes
    if (body.isWaiting) return false
    if (body.held >= body.length || mayGrow(body)) return true
    wait(body)
    return false
  }

  const finish = (body: Body) => {
    if (body.stage === 'released') return
    endWait(body)
    growing.delete(body)
    change(body, -body.promised)
    body.promised = 0
    body.stage = 'complete'
    complete += body.held
    admit()
  }

  const appOf = (name: string): App => {
    let app = apps.get(name)
    if (app === undefined) {
      if (apps.size >= MAX_APPS) forgetIdle(apps)
      apps.set(name, (app = { bodies: 0, held: 0, unread: 0 }))
    }
    app.bodies += 1
    return app
  }

  return {
    acquire: (name, length = Infinity, reader) => ({
      app: appOf(name),
      reader,
      length,
      stage: 'arriving',
      isWaiting: false,
      held: 0,
      promised: 0,
      unread: Math.min(length, PIECE),
      recent: 0,
      since: performance.now(),
    }),
    add,
    remove: (body, bytes) => {
      if (body.stage === 'released') return
      change(body, -bytes)
      admit()
    },
    arrived: (body, reader) => {
      if (body.stage !== 'arriving') return
      body.stage = 'unpacking'
      body.reader = reader
      endWait(body)
    },
    complete: finish,
    release,
  }
}

/** Apps are only known while they have bodies, but not forgotten after each. */
function forgetIdle(apps: Map<string, App>): void {
  for (const [name, { bodies }] of apps) if (bodies === 0) apps.delete(name)
}
