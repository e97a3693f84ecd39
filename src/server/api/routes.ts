import type { FastifyInstance } from 'fastify'
import { FOLDED_WORD } from '../../extract/learned/learned-routes.ts'
import { INNER, LAST, SLUG } from '../../extract/learned/word.ts'
import type { RouteLearning } from '../../ingest/route-learning.ts'
import { readRouteRecord } from '../../ingest/route-record.ts'
import { isoTime } from '../../report/iso-time.ts'
import type { Store } from '../../store/store.ts'
import { type RoutePatterns, variableFor } from '../config-routes.ts'
import { sendJson } from './json-reply.ts'
import { type Query, noSuchApp, readApp, refuseUnknown } from './series-query.ts'

/** The answer of `/api/routes`. */
export interface LearnedRoutesAnswer {
  readonly app: string
  /** MAX_ROUTES_PER_APP. */
  readonly limit: number
  /** What the operator says of this app's routes, as `ROUTES_SHOP=/users/:id`; null for nothing. */
  readonly setting: string | null
  readonly learned: readonly LearnedRow[]
}

/** A position whose words are one. */
export interface LearnedRow {
  readonly route: string
  /** Which words: `slugs`, `names` at the end of the path, `names before others`. */
  readonly words: readonly string[]
  /** ISO 8601. */
  readonly since: string | null
  /** The setting that makes a route of it from the first request on, and the one that keeps its words apart. */
  readonly pin: string
  readonly forbid: string
}

const WORDS = [
  [SLUG, 'slugs'],
  [LAST, 'names'],
  [INNER, 'names before others'],
] as const

/** `GET /api/routes?app=`: what was learned of an app's routes. */
export function addRoutesRoute(
  server: FastifyInstance,
  options: {
    readonly store: Store
    readonly routes: RouteLearning
    readonly patterns: RoutePatterns
    readonly limit: number
  },
): void {
  const { store, routes, patterns, limit } = options
  server.get('/api/routes', async (request, reply) => {
    const query = request.query as Query
    refuseUnknown(query, ['app'])
    const app = readApp(query)
    if (!(await store.totals()).has(app)) throw noSuchApp(app)
    await routes.share(app)
    const { folds } = (await readRouteRecord(store, app)).learned
    const variable = variableFor('ROUTES', app)
    const own = patterns.get(variable) ?? []
    const settingOf = (pattern: string) => `${variable}=${[...own, pattern].join(',')}`
    const learned = folds.map(([position, kinds, since]): LearnedRow => {
      const route = position + FOLDED_WORD
      return {
        route,
        words: WORDS.flatMap(([kind, name]) => ((kinds & kind) === 0 ? [] : name)),
        since: isoTime(since ?? NaN),
        pin: settingOf(route),
        forbid: settingOf(`!${route}`),
      }
    })
    const setting = own.length === 0 ? null : `${variable}=${own.join(',')}`
    return sendJson(request, reply, { app, limit, setting, learned } satisfies LearnedRoutesAnswer)
  })
}
