import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { createRandom } from '../support/chaos/random.ts'
import { mutate } from './mutate.ts'
import type { FuzzTarget } from './targets.ts'

const CORPUS = join(import.meta.dirname, 'corpus')

/** What was ever found, then the seeds. */
export function corpusOf(name: string, { seeds }: FuzzTarget): Buffer[] {
  const folder = join(CORPUS, name)
  const kept = existsSync(folder) ? readdirSync(folder).toSorted() : []
  const files = kept.map((file) => readFileSync(join(folder, file)))
  return [...files, ...seeds.map((seed) => Buffer.from(seed))]
}

/** Runs a target on one input; rejects with an error that it must not throw, and keeps the input. */
export async function tryInput(name: string, target: FuzzTarget, bytes: Buffer): Promise<void> {
  try {
    await target.run(bytes)
  } catch (error) {
    if (target.isExpected(error)) return
    const folder = join(CORPUS, name)
    mkdirSync(folder, { recursive: true })
    const file = join(folder, createHash('sha256').update(bytes).digest('hex').slice(0, 16))
    writeFileSync(file, bytes)
    throw new Error(`${name} failed on the ${bytes.length} bytes that are in ${file} now`, {
      cause: error,
    })
  }
}

/** Runs a target on its corpus, then on changed inputs until `isOver`; resolves with how many there were. */
export async function fuzz(
  name: string,
  target: FuzzTarget,
  seed: number,
  isOver: (runs: number) => boolean,
): Promise<number> {
  const random = createRandom(seed)
  const corpus = corpusOf(name, target)
  for (const bytes of corpus) await tryInput(name, target, bytes)
  let runs = 0
  for (; !isOver(runs); runs += 1) await tryInput(name, target, mutate(corpus, random))
  return runs
}

/**
 * The least CPU time that a target took for an input repeated to so many bytes and to twice as many, and
 * their ratio: 2 where the time is linear, 4 where it is quadratic.
 */
export async function growthOf(target: FuzzTarget, piece: Buffer, bytes: number): Promise<number> {
  const inputs = [bytes, 2 * bytes].map((length) => repeated(piece, length))
  const least = [Infinity, Infinity]
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [i, input] of inputs.entries()) {
      const before = process.cpuUsage()
      try {
        await target.run(input)
      } catch (error) {
        if (!target.isExpected(error)) throw error
      }
      const { user, system } = process.cpuUsage(before)
      least[i] = Math.min(least[i]!, user + system)
    }
  }
  // What takes less than this is mostly not the input.
  return least[1]! < SHORT_US ? 2 : least[1]! / Math.max(least[0]!, 1)
}

const ROUNDS = 3
const SHORT_US = 2000

function repeated(piece: Buffer, length: number): Buffer {
  return Buffer.alloc(length, piece.length > 0 ? piece : ' ')
}
