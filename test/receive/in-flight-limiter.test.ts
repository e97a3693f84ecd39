import { afterEach, expect, test, vi } from 'vitest'
import { type InFlightLimits, createInFlightLimiter } from '../../src/receive/in-flight-limiter.ts'

const KIB = 1024
const LIMITS: InFlightLimits = {
  limit: 1000 * KIB,
  waitMs: 4000,
  slowRate: 64 * KIB,
  maxUnread: 8 * 64 * KIB,
}

/** A limiter that notes what it asks of bodies: `+a` to read on, `-a` to give up. */
function watchedLimiter(limits: Partial<InFlightLimits> = {}) {
  const limiter = createInFlightLimiter({ ...LIMITS, ...limits })
  const events: string[] = []
  const acquire = (name: string, app = name) => {
    const reader = {
      resume: () => events.push(`+${name}`),
      refuse: () => events.push(`-${name}`),
    }
    const body = limiter.acquire(app, undefined, reader)
    return {
      add: (bytes: number) => limiter.add(body, bytes),
      remove: (bytes: number) => limiter.remove(body, bytes),
      arrived: () => limiter.arrived(body, reader),
      complete: () => limiter.complete(body),
      release: () => limiter.release(body),
    }
  }
  return { acquire, take: () => events.splice(0) }
}

afterEach(() => {
  vi.useRealTimers()
})

test('one app may hold two thirds of all room, and there is always some for the next', () => {
  const { acquire, take } = watchedLimiter()
  const heldBy = (app: string) => {
    // The body that began first may always go on, so that it doesn't count here.
    const body = acquire(app)
    let held = 0
    while (body.add(10 * KIB)) held += 10
    return held
  }
  const first = acquire('first')
  first.add(1)
  expect(heldBy('a')).toBe(660)
  expect(heldBy('b')).toBe(210)
  expect(heldBy('c')).toBe(70)
  expect(take()).toEqual([])
})

test('bodies wait for room in all, and go on when bodies are released', () => {
  const { acquire, take } = watchedLimiter()
  const counted = [acquire('a'), acquire('b'), acquire('c')]
  for (const body of counted) {
    body.add(400 * KIB)
    body.complete()
  }
  const [next, late] = [acquire('next'), acquire('late')]
  expect([next.add(0), late.add(0)]).toEqual([false, false])
  counted[0]!.release()
  counted[0]!.release()
  expect(take()).toEqual(['+next', '+late'])
  expect(next.add(KIB)).toBe(true)
})

test('the app that holds least goes on first', () => {
  const { acquire, take } = watchedLimiter()
  const big = acquire('big')
  big.add(900 * KIB)
  big.complete()
  const [more, less] = [acquire('more'), acquire('less')]
  expect([more.add(80 * KIB), less.add(20 * KIB)]).toEqual([false, false])
  big.release()
  expect(take()).toEqual(['+less', '+more'])
})

test('the body that began first always goes on, so that one ends', () => {
  const { acquire, take } = watchedLimiter()
  const bodies = ['a', 'b', 'c', 'd'].map((name) => acquire(name))
  for (let i = 0; i < 50; i += 1) bodies[0]!.add(10 * KIB)
  expect(bodies.slice(1).map((body) => body.add(400 * KIB))).toEqual([false, false, false])
  for (let i = 0; i < 20; i += 1) expect(bodies[0]!.add(100 * KIB)).toBe(true)
  // The next one begins when there is room again: what is counted will be released.
  bodies[0]!.complete()
  expect(take()).toEqual([])
  bodies[0]!.release()
  expect(take()).toEqual(['+b'])
  expect(bodies[1]!.add(5000 * KIB)).toBe(true)
})

test('a sender that hangs up gives back what was read, but not what is counted', () => {
  const { acquire, take } = watchedLimiter()
  const [counted, broken] = [acquire('counted'), acquire('broken')]
  counted.add(700 * KIB)
  counted.complete()
  broken.add(400 * KIB)
  const next = acquire('next')
  expect(next.add(0)).toBe(false)
  broken.release()
  expect(take()).toEqual(['+next'])
  next.add(300 * KIB)
  expect(acquire('last').add(0)).toBe(false)
})

test('a body that has waited for too long is refused', () => {
  vi.useFakeTimers()
  const { acquire, take } = watchedLimiter()
  const full = acquire('full')
  full.add(1000 * KIB)
  full.complete()
  const next = acquire('next')
  next.add(0)
  vi.advanceTimersByTime(3900)
  expect(take()).toEqual([])
  vi.advanceTimersByTime(600)
  expect(take()).toEqual(['-next'])
  expect(next.add(KIB)).toBe(false)
  full.release()
  expect(take()).toEqual([])
})

test('the slowest bodies make room for those that wait, and no others', () => {
  vi.useFakeTimers()
  const { acquire, take } = watchedLimiter()
  const fast = acquire('fast')
  fast.add(20 * KIB)
  acquire('slow').add(60 * KIB)
  acquire('slowest').add(80 * KIB)
  acquire('small').add(KIB)
  const counted = acquire('counted')
  counted.add(650 * KIB)
  counted.complete()
  const arrive = () => {
    fast.add(16 * KIB)
    vi.advanceTimersByTime(250)
  }
  const next = acquire('next')
  expect(next.add(130 * KIB)).toBe(false)
  arrive()
  arrive()
  expect(take()).toEqual(['+next', '-slowest'])
  next.complete()
  arrive()
  // What is slow could not make so much room.
  expect(acquire('large').add(200 * KIB)).toBe(false)
  arrive()
  arrive()
  expect(take()).toEqual([])
})

test('an app whose own bodies fill its share gets no room at the cost of a smaller app', () => {
  vi.useFakeTimers()
  const { acquire, take } = watchedLimiter()
  acquire('eldest').add(1)
  const counted = acquire('counted', 'large')
  counted.add(700 * KIB)
  counted.complete()
  const [slow, next] = [acquire('slow', 'small'), acquire('next', 'large')]
  slow.add(10 * KIB)
  expect(next.add(0)).toBe(false)
  vi.advanceTimersByTime(2000)
  expect(take()).toEqual([])
  vi.advanceTimersByTime(3000)
  expect(take()).toEqual(['-next'])
})

test('of too many that wait, the app that has most of them loses its newest', () => {
  const { acquire, take } = watchedLimiter()
  const full = acquire('full')
  full.add(1000 * KIB)
  full.complete()
  for (let i = 0; i < 5; i += 1) acquire(`many${i}`, 'many').add(0)
  for (let i = 0; i < 3; i += 1) acquire(`few${i}`, `few${i}`).add(0)
  expect(take()).toEqual([])
  acquire('few3').add(0)
  expect(take()).toEqual(['-many4'])
})

test('an unpacked body counts as such, and is not too slow', () => {
  vi.useFakeTimers()
  const { acquire, take } = watchedLimiter()
  const packed = acquire('packed')
  packed.add(100 * KIB)
  packed.arrived()
  packed.add(600 * KIB)
  packed.remove(100 * KIB)
  const full = acquire('full')
  full.add(500 * KIB)
  full.complete()
  const next = acquire('next')
  expect(next.add(0)).toBe(false)
  vi.advanceTimersByTime(2000)
  expect(take()).toEqual([])
  packed.release()
  expect(take()).toEqual(['+next'])
})
