import { expect, test } from 'vitest'
import { createRequestStats } from '../../../src/aggregate/requests.ts'
import { viewOf } from '../../../src/cli/render/local-report.ts'
import { createStyle } from '../../../src/cli/render/style.ts'
import { type TextOptions, renderReport } from '../../../src/cli/render/text-report.ts'
import { countText } from '../../support/count.ts'

function report(log: readonly string[], options: Partial<TextOptions> = {}): string {
  const view = viewOf(countText(log.join('\n')), createRequestStats(), {
    top: 20,
    slow: false,
    by: false,
  })
  return renderReport(view, { width: 80, tableWidth: 80, style: createStyle(false), ...options })
}

function request(path: string, status = 200, time = '2026-11-21T10:00:00Z '): string {
  return `${time}heroku[router]: at=info method=GET path="${path}" host=h request_id=r fwd="1" dyno=web.1 connect=1ms service=9ms status=${status} bytes=69 protocol=https`
}

const LONG = '/api/online/platforms/facebook/canvas/friends'

test('routes that begin alike can be told apart, and are whole where there is room', () => {
  const log = [request(`${LONG}/invite`), request(`${LONG}/remove`)]
  expect(report(log)).toMatch(/GET \/api\/online\/.*….*friends\/invite$/m)
  expect(report(log)).toMatch(/GET \/api\/online\/.*….*friends\/remove$/m)
  expect(report(log, { tableWidth: 200 })).toContain(`GET ${LONG}/remove\n`)
})

test('statuses that have no room are left out whole', () => {
  const log = [400, 401, 403, 404, 409, 410, 422, 429].map((status) => request('/', status))
  expect(report(log)).toContain('  400 1 · 401 1 · 403 1 · 404 1 · …\n')
})

test('an error of a dyno stands there with its name', () => {
  const log = ['2026-11-21T10:00:00Z heroku[web.1]: Error R14 (Memory quota exceeded)']
  expect(report(log)).toContain('error  web.1 R14 Memory quota exceeded\n')
})

test('a condition that no request meets is answered', () => {
  const log = ['2026-11-21T10:00:00Z app[web.1]: count#a=1']
  expect(report(log, { where: ['status=5xx'] })).toContain('\nRequests  none\n')
  expect(report(log)).not.toContain('Requests')
})

test('without times there is no rate, and without lines no time is missed', () => {
  const bare = request('/', 200, '')
  const view = viewOf(
    { ...countText(bare), first: Infinity, last: -Infinity },
    createRequestStats(),
    {
      top: 20,
      slow: false,
      by: false,
    },
  )
  const text = renderReport(view, { width: 80, tableWidth: 80, style: createStyle(false) })
  expect(text).toContain('Requests  1 · none failed\n')
  expect(report([])).toBe('l2met-local  no lines\n')
})

test('of very many dynos those with requests and errors are shown', () => {
  const jobs = Array.from(
    { length: 300 },
    (_, i) =>
      `2026-11-21T10:00:00Z heroku[scheduler.${i}]: source=scheduler.${i} dyno=heroku.1.x sample#memory_total=9MB`,
  )
  const error = '2026-11-21T10:00:00Z heroku[worker.1]: Error R14 (Memory quota exceeded)'
  const text = report([...jobs, request('/'), error])
  const rows = /Dynos, 50 of 302\n.*\n([^]*?)\n\n/.exec(text)?.[1]?.split('\n') ?? []
  expect(rows).toHaveLength(50)
  expect(rows.at(-2)).toMatch(/^ {2}web\.1 +1 /)
  expect(rows.at(-1)).toMatch(/^ {2}worker\.1 .* R14 ×1$/)
})

test('times of sessions and of the queue have rows of their own, where there are any', () => {
  const queued = '2026-11-21T10:00:00Z app[web.1]: method=GET path=/ queue=162ms'
  const text = report([request('/cable', 101), request('/'), queued])
  const names = [...text.matchAll(/^ {2}(service|queue|session) +(\d+ ms) /gm)]
  expect(names.map(([, name, mean]) => [name, mean])).toEqual([
    ['service', '9 ms'],
    ['queue', '162 ms'],
    ['session', '9 ms'],
  ])
  expect(report([request('/')])).not.toMatch(/queue|session/)
})
