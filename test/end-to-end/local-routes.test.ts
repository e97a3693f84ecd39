import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROUTES, requestsOf } from '../support/learnable-app.ts'
import { routerLine, runLocal, temporaryFolder, writeLog } from '../support/local-program.ts'

let folder: ReturnType<typeof temporaryFolder>
beforeAll(() => (folder = temporaryFolder()))
afterAll(() => folder.remove())

interface Report {
  readonly requests: { readonly count: number }
  readonly routes: readonly {
    readonly app?: string
    readonly route: string
    readonly count: number
  }[]
  readonly groups?: Record<string, { readonly count: number }>
  readonly slow?: readonly { readonly path: string; readonly route: string }[]
}

const AT = Date.UTC(2026, 10, 21, 10)
const timeAt = (i: number) => new Date(AT + i * 10).toISOString()

function linesOf(asked: readonly { readonly path: string; readonly status: number }[]): string {
  return asked.map((one, i) => `${routerLine({ ...one, time: timeAt(i) })}\n`).join('')
}

async function report(log: string, ...args: string[]): Promise<Report> {
  return JSON.parse((await runLocal(['--json', '--top', '1000', ...args, log])).stdout) as Report
}

describe('an app of 40 routes', () => {
  const asked = requestsOf(60_000)
  let log: string
  beforeAll(() => (log = writeLog(folder.path, 'forty.log', linesOf(asked))))

  test('has its routes, and a scanner none', async () => {
    const { routes, requests } = await report(log)
    expect(routes.map(({ route }) => route).toSorted()).toEqual([...ROUTES, '(other)'].toSorted())
    expect(requests.count).toBe(asked.length)
    const noise = asked.filter(({ route }) => route === undefined).length
    const other = routes.find(({ route }) => route === '(other)')!.count
    expect(other).toBeGreaterThanOrEqual(noise)
    // Of routes without a place until their words were learned.
    expect(other - noise).toBeLessThan(asked.length / 100)
    for (const one of ROUTES.filter((route) => !/:slug/.test(route))) {
      const count = asked.filter(({ route }) => route === one).length
      const found = routes.filter(({ route }) => route === one)
      expect([one, found.reduce((sum, row) => sum + row.count, 0)]).toEqual([one, count])
    }
  })

  test('has the same in every view', async () => {
    const whole = await report(log)
    const { groups } = await report(log, '--by', 'route')
    const byRoute = new Map(Object.entries(groups!))
    for (const { route, count } of whole.routes)
      expect([route, byRoute.get(route)?.count]).toEqual([route, count])
    const { stdout } = await runLocal(['--interval', '1h', '--json', '--top', '1000', log])
    const lines = stdout.trim().split('\n')
    expect((JSON.parse(lines.at(-1)!) as Report).routes).toEqual(whole.routes)
  })
})

test('requests that came before a fold count in the route that they fold into, to the last one', async () => {
  const before = Array.from({ length: 90 }, (_, i) => ({
    path: `/blog/on-${word(i)}-and-more`,
    status: 200,
  }))
  const other = Array.from({ length: 7 }, () => ({ path: '/blog/archive', status: 200 }))
  const log = writeLog(folder.path, 'blog.log', linesOf([...before, ...other]))
  const { routes, slow } = await report(log, '--slow', '1ms')
  expect(routes.map(({ route, count }) => [route, count])).toEqual([
    ['/blog/:slug', 90],
    ['/blog/archive', 7],
  ])
  expect(new Set(slow!.map(({ route }) => route))).toEqual(
    new Set(['/blog/:slug', '/blog/archive']),
  )
})

test('--where route= finds those that came before a fold', async () => {
  const asked = Array.from({ length: 90 }, (_, i) => ({
    path: `/blog/on-${word(i)}-and-more`,
    status: 200,
  }))
  const other = ['/blog/archive', '/shop', '/blog/on-wab-and-more/x'].map((path) => ({
    path,
    status: 200,
  }))
  const log = writeLog(folder.path, 'where.log', linesOf([...other, ...asked]))
  const { routes, requests } = await report(log, '--where', 'route=/blog/:slug')
  expect(requests.count).toBe(90)
  expect(routes.map(({ route, count }) => [route, count])).toEqual([['/blog/:slug', 90]])
  expect((await report(log, '--where', 'route!=/blog/:slug')).requests.count).toBe(3)
})

test('apps of one stream learn for themselves', async () => {
  const lines = Array.from({ length: 60 }, (_, i) => {
    const app = i % 2 === 0 ? 'shop' : 'blog'
    const path = i % 2 === 0 ? `/x/a-${word(i)}-b` : `/x/${word(i % 6)}`
    const line = routerLine({ time: timeAt(i), path })
    return `<158>1 ${timeAt(i)} ${app} heroku router - - ${line.slice(line.indexOf('at=info'))}\n`
  })
  const { routes } = await report(writeLog(folder.path, 'two.log', lines.join('')))
  expect(routes.map(({ app, route, count }) => `${app} ${route} ${count}`).toSorted()).toEqual([
    ...[1, 3, 5].map((i) => `blog /x/${word(i)} 10`),
    'shop /x/:slug 30',
  ])
})

test('a few pages that are not found are routes, many are noise', async () => {
  const found = { path: '/', status: 200 }
  const few = await report(writeLog(folder.path, 'few.log', linesOf([found, ...missing(4)])))
  expect(few.routes).toHaveLength(5)
  const many = await report(writeLog(folder.path, 'many.log', linesOf([found, ...missing(500)])))
  expect(many.routes.map(({ route, count }) => [route, count])).toEqual([
    ['(other)', 500],
    ['/', 1],
  ])
})

function missing(count: number) {
  return Array.from({ length: count }, (_, i) => ({ path: `/${word(i)}`, status: 404 }))
}

function word(i: number): string {
  return `w${String.fromCharCode(97 + (i % 26), 97 + (Math.floor(i / 26) % 26))}`
}
