import {
  type DemoDyno,
  createDyno,
  overQuotaLines,
  restartLines,
  startLines,
  stopLines,
} from './dynos.ts'
import type { Entry } from './entry.ts'
import type { Random } from './random.ts'

/** The modelled app between two lines. */
export interface World {
  readonly random: Random
  readonly dynos: DemoDyno[]
  /** What the web dynos do: serve, be down after a bad release, or be shut for maintenance. */
  mode: 'serving' | 'crashed' | 'maintenance'
  version: number
}

/** What happens at a share of the story's length. */
export interface Scene {
  readonly at: number
  readonly play: (world: World, time: number) => Entry[]
}

const FORMATION = ['web.1', 'web.2', 'web.3', 'worker.1']
const EXTRA = 'web.4'
const SLOW = 'web.3'
const DROPPED = 120

export function createWorld(random: Random, now: number): World {
  const world: World = { random, dynos: [], mode: 'serving', version: 41 }
  // On Heroku, too, dynos report at their own second of the twenty.
  const first = Math.floor(now / 1000) + 1
  FORMATION.forEach((name, i) => {
    const options = { random, now, phase: (first + i) % 20, slowness: name === SLOW ? 4 : 1 }
    world.dynos.push(createDyno(name, options))
  })
  return world
}

/** One day in the life of the shop, to be played again and again. */
export const STORY: readonly Scene[] = [
  { at: 0.1, play: (world, time) => [...scaleTo(4, time), ...addDyno(world, time)] },
  { at: 0.25, play: (world, time) => [...deploy(world, time), ...restartAll(world, time)] },
  { at: 0.4, play: (world, time) => shut(world, time) },
  { at: 0.42, play: (world, time) => open(world, time) },
  { at: 0.55, play: (world, time) => [...deploy(world, time), ...crashAll(world, time)] },
  { at: 0.58, play: (world, time) => [...rollBack(world, time), ...recoverAll(world, time)] },
  { at: 0.7, play: (world, time) => runOutOfMemory(world, time) },
  { at: 0.8, play: (_, time) => [notice(time)] },
  { at: 0.9, play: (world, time) => [...scaleTo(3, time), ...removeDyno(world, time)] },
]

function scaleTo(webs: number, time: number): Entry[] {
  return [
    api(time, `Scaled to web@${webs}:Standard-1X worker@1:Standard-1X by user ops@example.com`),
  ]
}

function addDyno(world: World, time: number): Entry[] {
  const { random } = world
  const phase = (Math.floor(time / 1000) + 2) % 20
  const dyno = createDyno(EXTRA, { random, now: time, phase, slowness: 1 })
  world.dynos.push(dyno)
  return startLines(dyno, time + 800, random, 'up')
}

function removeDyno(world: World, time: number): Entry[] {
  const at = world.dynos.findIndex((dyno) => dyno.name === EXTRA)
  const [dyno] = at < 0 ? [] : world.dynos.splice(at, 1)
  return dyno === undefined ? [] : stopLines(dyno, time + 900)
}

function deploy(world: World, time: number): Entry[] {
  world.version += 1
  return [
    api(time - 9, 'Build started by user dev@example.com'),
    api(time - 3, 'Build succeeded'),
    api(time - 2, `Deploy ${world.random.hex(8)} by user dev@example.com`),
    release(time, `Release v${world.version} created by user dev@example.com`),
  ]
}

function rollBack(world: World, time: number): Entry[] {
  const good = world.version - 1
  world.version += 1
  return [
    api(time - 1, `Rollback to v${good} by user ops@example.com`),
    release(time, `Release v${world.version} created by user ops@example.com`),
  ]
}

function restartAll(world: World, time: number): Entry[] {
  return world.dynos.flatMap((dyno, i) => restartLines(dyno, time + 200 + i * 40, world.random))
}

function crashAll(world: World, time: number): Entry[] {
  world.mode = 'crashed'
  return webs(world).flatMap((dyno, i) => [
    ...stopLines(dyno, time + 20 + i * 40),
    ...startLines(dyno, time + 300 + i * 40, world.random, 'crashed'),
  ])
}

function recoverAll(world: World, time: number): Entry[] {
  world.mode = 'serving'
  return webs(world).flatMap((dyno, i) => startLines(dyno, time + 100 + i * 40, world.random, 'up'))
}

function shut(world: World, time: number): Entry[] {
  world.mode = 'maintenance'
  return [api(time, 'Enable maintenance mode by user ops@example.com')]
}

function open(world: World, time: number): Entry[] {
  world.mode = 'serving'
  return [api(time, 'Disable maintenance mode by user ops@example.com')]
}

function runOutOfMemory(world: World, time: number): Entry[] {
  const dyno = world.dynos.find(({ name }) => name === SLOW)
  if (dyno === undefined) return []
  dyno.isOverQuota = true
  return overQuotaLines(dyno, time, world.random)
}

/** What Logplex tells a drain that was too slow. */
function notice(time: number): Entry {
  const since = `${new Date(time - 4000).toISOString().slice(0, 19)}+00:00`
  const second = Math.floor(time / 1000) * 1000
  const message = `Error L10 (output buffer overflow): ${DROPPED} messages dropped since ${since}.`
  return {
    time: second,
    app: 'heroku',
    proc: 'logplex',
    message,
    facts: [
      ['line', 'platform', 1],
      ['dropped', 'L10', DROPPED],
    ],
  }
}

function webs(world: World): DemoDyno[] {
  return world.dynos.filter((dyno) => dyno.type === 'web')
}

function api(time: number, message: string): Entry {
  return { time, app: 'app', proc: 'api', message, facts: [['line', 'platform', 1]] }
}

function release(time: number, message: string): Entry {
  return {
    ...api(time, message),
    facts: [
      ['line', 'platform', 1],
      ['release', 'created', 1],
    ],
  }
}
