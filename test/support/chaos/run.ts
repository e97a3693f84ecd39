import { setTimeout as sleep } from 'node:timers/promises'
import { countedBy } from '../drains.ts'
import type { DrainLedger } from '../logplex.ts'
import { DISK_FAULTS, MOUNT_FAULTS } from './disk-faults.ts'
import { COMMON_FAULTS, type Fault, SINGLE_FAULTS } from './faults.ts'
import { DOUBLE_FAULTS } from './double-faults.ts'
import { createRandom } from './random.ts'
import {
  type AppDrains,
  type StoreKind,
  type World,
  endDrains,
  startWorld,
  sumOf,
  writeAll,
} from './world.ts'

export interface ChaosOptions {
  /** Decides which faults come, when, and how long they last. */
  readonly seed: number
  readonly seconds: number
  readonly store: StoreKind
  /** Two faults at a time, which may lose what the run bounds. */
  readonly isDouble?: boolean
  readonly linesPerSecond?: number
  /** Only faults whose names hold this. */
  readonly only?: string
  readonly report?: (text: string) => void
}

export interface ChaosResult {
  readonly faults: ReadonlyMap<string, number>
  readonly kills: number
  /** Lines that were acknowledged. */
  readonly lines: number
  readonly frames: number
  /** Frames that were sent again though they had been acknowledged. */
  readonly repeated: number
  /** Lines that were acknowledged and are in no counter. */
  readonly lost: number
  /** Lines that were counted more often than they were sent. */
  readonly twice: number
  /** What double faults may have lost at most, lines. */
  readonly bound: number
  /** Per app where something doesn't add up. */
  readonly differences: readonly string[]
}

const APPS = 4
const END_MS = 60_000
const RECONCILE_MS = 20_000

/** Runs receivers, a store and senders under faults, then compares what was sent with what was counted. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const {
    seed,
    seconds,
    store,
    isDouble = false,
    only = '',
    linesPerSecond = 2000,
    report = () => {},
  } = options
  const random = createRandom(seed)
  const world = await startWorld(store, createRandom(seed + 1), APPS)
  const all = isDouble ? DOUBLE_FAULTS[store] : singleFaults(world)
  const planned = all.filter(({ name }) => name.includes(only))
  const faults = new Map<string, number>()
  let kills = 0
  let bound = 0
  try {
    const writing = writeAll(world, linesPerSecond)
    const end = performance.now() + seconds * 1000
    await sleep(1000)
    while (performance.now() < end) {
      const fault = random.pick(planned)
      report(fault.name)
      const mayLose = await fault.run(world, random)
      await world.untilQuiet()
      if (typeof mayLose === 'number') bound += mayLose
      kills += fault.kills
      faults.set(fault.name, (faults.get(fault.name) ?? 0) + 1)
      await sleep(random.between(100, 500))
    }
    writing.stop()
    await endDrains(world, END_MS)
    await world.untilQuiet()
    const sums = await untilReconciled(world)
    if (sums.differences.length > 0) for (const receiver of world.receivers) report(receiver.said())
    return { faults, kills, bound, ...sums }
  } finally {
    await world.stop()
  }
}

function singleFaults({ kind, disk }: World): readonly Fault[] {
  if (kind !== 'disk') return SINGLE_FAULTS[kind]
  const mounted = disk!.mount === undefined ? [] : MOUNT_FAULTS
  return [...COMMON_FAULTS, ...DISK_FAULTS, ...mounted]
}

/** What a slow machine has not yet brought into the store is no difference. */
async function untilReconciled(world: World): Promise<Reconciled> {
  const end = performance.now() + RECONCILE_MS
  for (;;) {
    const sums = await reconcile(world).catch((error: unknown) => {
      if (performance.now() > end) throw error
      return undefined
    })
    if (sums !== undefined && (sums.differences.length === 0 || performance.now() > end))
      return sums
    await sleep(1000)
  }
}

type Reconciled = Pick<
  ChaosResult,
  'lines' | 'frames' | 'repeated' | 'lost' | 'twice' | 'differences'
>

async function reconcile(world: World): Promise<Reconciled> {
  const reader = await world.openStore()
  try {
    const counted = await Promise.all(
      world.apps.map(async ({ app }) => countedBy(reader.store, app)),
    )
    const differences: string[] = []
    let lost = 0
    let twice = 0
    for (const [i, drains] of world.apps.entries()) {
      const sent = sentOf(drains)
      const { lifetime, fine, coarse, frames, requests } = counted[i]!
      const found = {
        lines: requests,
        late: lifetime['late'] ?? 0,
        future: lifetime['future'] ?? 0,
        frames: frames['committed']! + frames['spilled']!,
      }
      for (const name of ['lines', 'late', 'future'] as const) {
        lost += Math.max(0, sent[name] - found[name])
        twice += Math.max(0, found[name] - sent[name])
      }
      if (JSON.stringify(sent) !== JSON.stringify(found))
        differences.push(
          `${drains.app}: sent ${JSON.stringify(sent)}, found ${JSON.stringify(found)}`,
        )
      for (const [name, windows] of Object.entries({ fine: fine!, coarse: coarse! }))
        if (windows['counted'] !== lifetime['counted'])
          differences.push(
            `${drains.app}: ${windows['counted']} counted in ${name} windows of ${lifetime['counted']}`,
          )
    }
    const all = world.apps.flatMap(ledgersOf)
    return {
      lines: sumOf(all, 'acknowledged'),
      frames: sumOf(all, 'frames'),
      repeated: all.reduce((sum, { repeated }) => sum + repeated, 0),
      lost,
      twice,
      differences,
    }
  } finally {
    await reader.stop()
  }
}

function ledgersOf({ timely, late, future }: AppDrains): DrainLedger[] {
  return [...timely, late, future].map(({ ledger }) => ledger)
}

function sentOf(drains: AppDrains) {
  const { timely, late, future } = drains
  return {
    lines: sumOf(
      timely.map(({ ledger }) => ledger),
      'acknowledged',
    ),
    late: late.ledger.acknowledged,
    future: future.ledger.acknowledged,
    frames: sumOf(ledgersOf(drains), 'frames'),
  }
}
