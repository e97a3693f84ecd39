import type { FastifyInstance } from 'fastify'
import { FUTURE_MS } from '../../aggregate/body.ts'
import { seriesCount } from '../../codec/totals.ts'
import { UNKNOWN_APP } from '../../model/apps.ts'
import type { Window } from '../../model/window.ts'
import { RequestError } from '../../receive/request-error.ts'
import { WIDTH_1M, WIDTH_10S_KEPT_MS, WIDTH_10S } from '../../model/window-reader.ts'
import { type Store } from '../../store/store.ts'
import { isoTime } from '../../report/iso-time.ts'
import { type CutReport, cutReader, cutReport, isCut } from '../../report/cut.ts'
import { createReportReader } from '../../report/report-reader.ts'
import { sendJson } from './json-reply.ts'
import {
  type Query,
  RANGE_PARAMETERS,
  noSuchApp,
  oneOf,
  readCut,
  readTime,
  refuseUnknown,
} from './series-query.ts'

/** One row of `/api/apps`. */
export interface AppRow {
  readonly app: string
  /** Times of its first and its newest line, ISO 8601; null when no line carried one. */
  readonly firstLine: string | null
  readonly lastLine: string | null
  readonly series: number
}

const DEFAULT_RANGE_MS = 3_600_000

/** `GET /api/apps` and `GET /api/report?app=&from=&to=`. */
export function addReportRoutes(server: FastifyInstance, options: { readonly store: Store }): void {
  const { store } = options

  server.get('/api/apps', async (request, reply) => {
    const apps = await store.totals()
    const now = store.clock()
    const isShown = (app: string) => app !== UNKNOWN_APP && (request.reader.apps?.has(app) ?? true)
    const rows = [...apps].filter(([app]) => isShown(app)).map((app) => appRow(app, now))
    return sendJson(request, reply, rows.toSorted(byApp))
  })

  server.get('/api/report', async (request, reply) => {
    return sendJson(request, reply, await readReport(store, request.query as Query))
  })
}

/**
 * The report of what the windows that touch [from, to) hold; without `from` and `to` of the last
 * hour, and of what came from up to a minute ahead of our clock. `app` may be left out when there is
 * one. Rejects with RequestError.
 */
async function readReport(store: Store, query: Query): Promise<CutReport> {
  refuseUnknown(query, RANGE_PARAMETERS)
  const cut = readCut(query)
  const now = store.clock()
  const to = readTime('to', query['to'], now + FUTURE_MS)
  const from = readTime('from', query['from'], Math.min(to, now) - DEFAULT_RANGE_MS)
  if (from >= to) throw new RequestError(400, 'from has to be before to')
  const app = oneOf('app', query['app']) ?? (await onlyApp(store))
  const isFine = from >= now - WIDTH_10S_KEPT_MS && to - from <= WIDTH_10S_KEPT_MS + FUTURE_MS
  const width = isFine ? WIDTH_10S : WIDTH_1M
  const reader = createReportReader(app)
  await store.read(app, { width, from, to }, [isCut(cut) ? cutReader(reader, cut) : reader])
  if (reader.isEmpty() && !(await store.totals()).has(app)) throw noSuchApp(app)
  return isCut(cut) ? cutReport(reader.report(), cut) : reader.report()
}

async function onlyApp(store: Store): Promise<string> {
  const apps = [...(await store.totals()).keys()].filter((app) => app !== UNKNOWN_APP)
  const [app] = apps
  if (app === undefined)
    throw new RequestError(
      404,
      'no line has come from any app yet: /welcome says how to add a drain',
    )
  if (apps.length > 1)
    throw new RequestError(
      400,
      'there are several apps: say which, as app=NAME; /api/apps lists them',
    )
  return app
}

function appRow([app, window]: [string, Window], now: number): AppRow {
  const { first, last } = window
  const series = seriesCount(window, now)
  return { app, firstLine: isoTime(first), lastLine: isoTime(last), series }
}

function byApp(a: AppRow, b: AppRow): number {
  return a.app < b.app ? -1 : 1
}
