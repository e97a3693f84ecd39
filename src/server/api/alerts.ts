import type { FastifyInstance } from 'fastify'
import type { Expression } from '../../report/expression/expression.ts'
import { isoTime } from '../../report/iso-time.ts'
import type { Store } from '../../store/store.ts'
import { readAlertRecord } from '../alerts/alert-record.ts'
import { createEntry } from '../alerts/alert-state.ts'
import { valueText } from '../alerts/alert-text.ts'
import { sendJson } from './json-reply.ts'
import { type Query, noSuchApp, refuseUnknown, readApp } from './series-query.ts'

/** One row of `/api/alerts`. */
export interface AlertRow {
  readonly alert: string
  readonly isActive: boolean
  /** Since when it holds, ISO 8601. */
  readonly since: string | null
  /** When it last changed, in the metric's base unit, and as a text. */
  readonly value: number | null
  readonly valueText: string | null
}

/** `GET /api/alerts?app=`: the alerts of this server and their state for an app. */
export function addAlertsRoute(
  server: FastifyInstance,
  options: { readonly store: Store; readonly alerts: readonly Expression[] },
): void {
  const { store, alerts } = options
  server.get('/api/alerts', async (request, reply) => {
    const query = request.query as Query
    refuseUnknown(query, ['app'])
    const app = readApp(query)
    if (!(await store.totals()).has(app)) throw noSuchApp(app)
    const { entries } = await readAlertRecord(store, app)
    const rows = alerts.map((expression): AlertRow => {
      const entry =
        entries.find(({ alert }) => alert === expression.text) ?? createEntry(expression.text)
      return {
        alert: expression.text,
        isActive: entry.since !== null,
        since: isoTime(entry.since ?? NaN),
        value: entry.value,
        valueText: entry.value === null ? null : valueText(expression, entry.value),
      }
    })
    return sendJson(request, reply, { app, alerts: rows })
  })
}
