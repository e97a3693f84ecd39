import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { createApp } from '../../../src/server/app.ts'
import { readConfig } from '../../../src/server/config.ts'
import type { Report } from '../../../src/report/report-object.ts'
import { routerLine } from '../../support/app.ts'
import { body } from '../../support/count.ts'

const HOUR_MS = 3_600_000
let stop = async (): Promise<unknown> => undefined
afterEach(async () => stop())

test('a report of an earlier hour has its lines, and none of the hours around it', async () => {
  let now = Date.UTC(2026, 10, 21, 12, 10)
  const app = createApp(readConfig({ PORT: '0' }), {
    log: pino({ level: 'silent' }),
    now: () => now,
  })
  stop = async () => app.stop()
  const post = async (lines: number) => {
    const payload = body(...Array.from({ length: lines }, () => routerLine(200, now)))
    const answer = await app.server.inject({ method: 'POST', url: '/logs?app=shop', payload })
    expect(answer.statusCode).toBe(204)
  }
  for (const lines of [3, 5, 7]) {
    // Enough windows for an hour that is rolled up.
    for (let i = 0; i < 12; i += 1) {
      await post(lines)
      now += 60_000
    }
    now += HOUR_MS - 12 * 60_000
  }
  now += 2 * HOUR_MS
  const start = Date.UTC(2026, 10, 21, 12)
  const counts: number[] = []
  for (let hour = 0; hour < 4; hour += 1) {
    const from = new Date(start + hour * HOUR_MS).toISOString()
    const to = new Date(start + (hour + 1) * HOUR_MS).toISOString()
    const answer = await app.server.inject(`/api/report?app=shop&from=${from}&to=${to}`)
    expect(answer.statusCode).toBe(200)
    counts.push(answer.json<Report>().requests.count)
  }
  expect(counts).toEqual([36, 60, 84, 0])
})
