import type { FastifyInstance } from 'fastify'
import { WIDTH_1M } from '../../model/window-reader.ts'
import { RequestError } from '../../receive/request-error.ts'
import { parseSize } from '../../report/formation/dyno-types.ts'
import {
  DEFAULT_HEADROOM,
  type Formation,
  type FormationInput,
  createFormation,
} from '../../report/formation/formation.ts'
import { createFormationReader } from '../../report/formation/measured.ts'
import { createGrid } from '../../report/series-grid.ts'
import type { Store } from '../../store/store.ts'
import { sendJson } from './json-reply.ts'
import { type Query, noSuchApp, oneOf, readApp, readTime } from './series-query.ts'

const PARAMETERS = new Set([
  'app',
  'from',
  'to',
  'type',
  'ram',
  'processes',
  'processes-per-dyno',
  'threads-per-process',
  'headroom',
])
const MAX_RANGE_MS = 7 * 86_400_000
const MAX_COUNT = 1e6

/** `GET /api/formation?app=`: which dynos to rent, from what was measured (docs/FORMATION.md). */
export function addFormationRoute(
  server: FastifyInstance,
  options: { readonly store: Store; readonly retentionMs: number },
): void {
  const { store, retentionMs } = options
  server.get('/api/formation', async (request, reply) => {
    const query = request.query as Query
    return sendJson(request, reply, await readFormation(store, query, retentionMs))
  })
}

async function readFormation(store: Store, query: Query, retentionMs: number): Promise<Formation> {
  const unknown = Object.keys(query).find((name) => !PARAMETERS.has(name))
  if (unknown !== undefined)
    throw new RequestError(
      400,
      `there is no parameter ${JSON.stringify(unknown)}; known are ${[...PARAMETERS].join(', ')}`,
    )
  const app = readApp(query)
  const now = store.clock()
  // The minute that goes on has memory samples too.
  const to = readTime('to', query['to'], now + WIDTH_1M)
  const from = readTime('from', query['from'], to - Math.min(retentionMs, MAX_RANGE_MS))
  if (from >= to) throw new RequestError(400, 'from has to be before to')
  if (to - from > MAX_RANGE_MS) throw new RequestError(400, 'the range is at most 7 days')
  const input = readInput(query)
  const grid = createGrid(from, to, WIDTH_1M, now)
  const { reader, measured } = createFormationReader(grid, oneOf('type', query['type']) ?? 'web')
  await store.read(app, { width: WIDTH_1M, from, to }, [reader])
  const result = measured()
  if (result.requests === 0 && !(await store.totals()).has(app)) throw noSuchApp(app)
  return createFormation(app, result, input)
}

function readInput(query: Query): FormationInput {
  const ramText = oneOf('ram', query['ram'])
  const ram = ramText === undefined ? undefined : parseSize(ramText)
  if (ramText !== undefined && ram === undefined)
    throw new RequestError(400, 'ram is a size, like ram=120MB')
  const processes = oneOf('processes', query['processes'])
  return {
    ram,
    processes: processes === undefined ? undefined : readCount('processes', processes),
    processesPerDyno: readCount(
      'processes-per-dyno',
      oneOf('processes-per-dyno', query['processes-per-dyno']) ?? '1',
    ),
    threadsPerProcess: readCount(
      'threads-per-process',
      oneOf('threads-per-process', query['threads-per-process']) ?? '1',
    ),
    headroom: readHeadroom(oneOf('headroom', query['headroom'])),
  }
}

function readCount(name: string, text: string): number {
  const count = /^\d{1,7}$/.test(text) ? Number(text) : NaN
  if (!(count >= 1 && count <= MAX_COUNT))
    throw new RequestError(400, `${name} is a whole number from 1 to ${MAX_COUNT}`)
  return count
}

function readHeadroom(text: string | undefined): number {
  if (text === undefined) return DEFAULT_HEADROOM
  const headroom = /^\d{1,3}(?:\.\d{1,6})?$/.test(text) ? Number(text) : NaN
  if (!(headroom <= 10))
    throw new RequestError(400, 'headroom is a number from 0 to 10; 0.25 is 25 %')
  return headroom
}
