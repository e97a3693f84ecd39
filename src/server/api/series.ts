import type { FastifyInstance } from 'fastify'
import type { Store } from '../../store/store.ts'
import { sendJson } from './json-reply.ts'
import { type Query, type SeriesQuery, noSuchApp, readSeriesQuery } from './series-query.ts'
import { cutAnswer, cutReader, isCut, seriesNamesOf } from '../../report/cut.ts'
import { type SeriesAnswer, createSeriesBuilder } from '../../report/series.ts'

/** `GET /api/series`: time series merged from windows (docs/API.md). */
export function addSeriesRoute(app: FastifyInstance, options: { readonly store: Store }): void {
  const { store } = options
  app.get('/api/series', async (request, reply) => {
    const query = readSeriesQuery(request.query as Query, store.clock())
    return sendJson(request, reply, await readSeries(store, query))
  })
}

/** Rejects with a 404 when the app has sent nothing yet. */
export async function readSeries(store: Store, query: SeriesQuery): Promise<SeriesAnswer> {
  const { app, cut, names, grid, width } = query
  const stored = isCut(cut) ? seriesNamesOf(cut) : undefined
  const asked = names.filter((name) => stored?.includes(name) ?? true)
  const fold = createSeriesBuilder(app, asked, grid)
  const { from, to } = grid
  const readers =
    stored === undefined ? fold.readers : fold.readers.map((one) => cutReader(one, cut))
  await store.read(app, { width, from, to }, readers)
  if (fold.isEmpty() && !(await store.totals()).has(app)) throw noSuchApp(app)
  const answer = await fold.result()
  return stored === undefined ? answer : { ...answer, series: cutAnswer(answer.series, names, cut) }
}
