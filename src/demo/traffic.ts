import { addonLines } from './addon-lines.ts'
import { runtimeLines } from './dynos.ts'
import type { Entry } from './entry.ts'
import { linesOfJob, linesOfRequest } from './own-lines.ts'
import { createRandom } from './random.ts'
import { type RouterKind, endRequest, refuseRequest, routerLine } from './requests.ts'
import { createRoutePicker } from './routes.ts'
import { STORY, type World, createWorld } from './story.ts'

export interface TrafficOptions {
  /** The same seed and start give the same lines. */
  readonly seed: number
  /** Time of the first lines, ms since 1970. */
  readonly start: number
  readonly requestsPerSecond: number
  /** How long the story of releases, scaling and failures takes before it begins again. */
  readonly storySeconds: number
  /** Only one of the routers; without it both, as while an app is being moved. */
  readonly router?: RouterKind
}

/** Gives the next line of the modelled app, without end, about in the order of time, as Logplex does. */
export type Traffic = () => Entry

/** One thing that goes on, and when it goes on next. */
interface Process {
  at: number
  readonly step: (time: number) => { readonly entries: readonly Entry[]; readonly wait: number }
}

const JOBS_PER_REQUEST = 0.05
const SECOND = 1000
const SAME_TIME_MS = 1
const ADDON_SECONDS = 60

/** A shop on Heroku: web dynos behind the router, one of them slow, a worker, Postgres and Redis. */
export function createTraffic(options: TrafficOptions): Traffic {
  const random = createRandom(options.seed)
  const world = createWorld(random, options.start)
  const processes = [
    story(world, options),
    everySecond(world, options),
    requests(world, options),
    jobs(world, options),
  ]
  /** Lines whose time has come, and those whose time comes later, by time. */
  const ready: Entry[] = []
  const later: Entry[] = []

  const goOn = () => {
    const process = earliest(processes)
    if (later.length > 0 && later[0]!.time <= process.at) {
      ready.push(later.shift()!)
      return
    }
    const now = process.at
    const { entries, wait } = process.step(now)
    process.at += wait
    for (const entry of entries) {
      if (entry.time > now + SAME_TIME_MS) insert(later, entry)
      else ready.push(entry)
    }
  }

  return () => {
    while (ready.length === 0) goOn()
    return ready.shift()!
  }
}

function requests(world: World, options: TrafficOptions): Process {
  const { random } = world
  const pickRoute = createRoutePicker(random)

  const step = (now: number) => {
    const wait = random.wait(rateAt(now - options.start, options.requestsPerSecond))
    const time = toMicros(now)
    const route = pickRoute()
    const router = options.router ?? (random.next() < 0.6 ? '2.0' : 'legacy')
    const webs = world.dynos.filter((dyno) => dyno.type === 'web')
    const outcome =
      world.mode === 'serving'
        ? endRequest(route, random.pick(webs), router, random)
        : refuseRequest(world.mode === 'crashed' ? 'H10' : 'H80', router)
    const line = routerLine(time, route, outcome, router, random)
    // The app writes before the router does, but its line takes longer to get here.
    const own = linesOfRequest(toMicros(time - 3), route, outcome, random)
    return { entries: own.length === 0 ? [line] : [line, ...own], wait }
  }

  return { at: options.start, step }
}

/** Requests come and go in waves. */
function rateAt(elapsed: number, perSecond: number): number {
  return perSecond * (1 + 0.35 * Math.sin(elapsed / 9000))
}

function jobs(world: World, options: TrafficOptions): Process {
  const { random } = world
  const step = (now: number) => {
    const wait = random.wait(options.requestsPerSecond * JOBS_PER_REQUEST)
    const workers = world.dynos.filter((dyno) => dyno.type === 'worker')
    return { entries: linesOfJob(toMicros(now), random.pick(workers), random), wait }
  }
  return { at: options.start + 50, step }
}

function everySecond(world: World, options: TrafficOptions): Process {
  let second = 0
  const step = (now: number) => {
    const entries = world.dynos.flatMap((dyno) => runtimeLines(dyno, toMicros(now), world.random))
    if (second % ADDON_SECONDS === 1) entries.push(...addonLines(now, world.random))
    second += 1
    return { entries, wait: SECOND }
  }
  return { at: options.start, step }
}

function story(world: World, options: TrafficOptions): Process {
  const length = options.storySeconds * SECOND
  let next = 0
  const step = (now: number) => {
    const scene = STORY[next]!
    next = (next + 1) % STORY.length
    const gap = STORY[next]!.at - scene.at
    return { entries: scene.play(world, toMicros(now)), wait: (gap > 0 ? gap : gap + 1) * length }
  }
  return { at: options.start + STORY[0]!.at * length, step }
}

function insert(later: Entry[], entry: Entry): void {
  let at = later.length
  while (at > 0 && later[at - 1]!.time > entry.time) at -= 1
  later.splice(at, 0, entry)
}

function earliest(processes: readonly Process[]): Process {
  let first = processes[0]!
  for (const process of processes) if (process.at < first.at) first = process
  return first
}

function toMicros(time: number): number {
  return Math.round(time * 1000) / 1000
}
