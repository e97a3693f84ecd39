import { appendFileSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from './faults.ts'

/** Lines of now stay neither late nor ahead of a clock that is set by so many ms, and readers see windows of its time. */
const EARLIEST_MS = -40_000
const LATEST_MS = 100_000

const halfWritten: Fault = {
  name: 'a power cut leaves half a write at the end of the journal',
  kills: 1,
  run: async ({ receivers, disk }, random) => {
    await receivers[0]!.kill()
    const path = join(disk!.folder, newestFile(disk!.folder))
    const bytes = readFileSync(path)
    // Its first record again, but for its end.
    const part = bytes.subarray(0, Math.floor(random.between(1, Math.min(8, bytes.length))))
    appendFileSync(path, random.next() < 0.5 ? part : Buffer.alloc(part.length))
    await receivers[0]!.start()
  },
}

const clockSet: Fault = {
  name: 'the clock is set',
  kills: 0,
  run: async ({ disk }, random) => {
    writeFileSync(disk!.clock, `${Math.round(random.between(EARLIEST_MS, LATEST_MS))}`)
    await sleep(random.between(100, 1000))
  },
}

const diskFull: Fault = {
  name: 'the disk is full',
  kills: 0,
  run: async ({ disk }, random) => {
    const ballast = join(disk!.root, 'ballast')
    try {
      for (;;) appendFileSync(ballast, Buffer.alloc(2 ** 20))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    }
    await sleep(random.between(100, 3000))
    rmSync(ballast)
  },
}

const diskReadOnly: Fault = {
  name: 'the disk is read-only at a start',
  kills: 1,
  run: async ({ receivers, disk }, random) => {
    await receivers[0]!.kill()
    disk!.mount!.remount('ro')
    const refused = await receivers[0]!.start().catch((error: Error) => error.message)
    if (refused === undefined || !refused.includes('read-only')) throw new Error('no refusal')
    await sleep(random.between(0, 500))
    disk!.mount!.remount('rw')
    await receivers[0]!.start()
  },
}

/** Of the store on disk; some need a disk of their own. */
export const DISK_FAULTS: readonly Fault[] = [halfWritten, halfWritten, clockSet]
export const MOUNT_FAULTS: readonly Fault[] = [diskFull, diskReadOnly]

function newestFile(folder: string): string {
  return readdirSync(folder)
    .filter((name) => name.startsWith('journal-'))
    .toSorted()
    .at(-1)!
}
