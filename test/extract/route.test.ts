import { describe, expect, test } from 'vitest'
import { endOfIdentifier } from '../../src/extract/segment.ts'
import { reportOn } from '../support/count.ts'

describe('a segment', () => {
  test.each([
    '1',
    '123456789012345678901234567890',
    '9f8e7d6c-5b4a-4392-8170-6f5e4d3c2b1a',
    '9F8E7D6C-5B4A-4392-8170-6F5E4D3C2B1A',
    '5f2b6e0c9d1a4b3c',
    'deadbeefdeadbeef',
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    '2026-11-21',
    '2026-11',
    'jane.doe@example.com',
    'cus_9s6XKzkNRiz8i3',
    'dQw4w9WgXcQ',
    'eyJ0b2tlbiI6Im1hZGUtdXAifQ',
    'ORD-2024-00012',
    'INV_001',
    'SHOP-7',
    'red-shoes-1234',
    'red_shoes_1234',
    '1234-red-shoes',
    'caf%C3%A9-1234',
    '@jane',
    '@jane_doe.1',
  ])('%s names one thing', (segment) => expect(identifies(segment)).toBe(true))

  test.each([
    'users',
    'v1',
    'api2',
    'oauth2callback',
    'help-100-customers',
    'top-10-tips-for-2024-summer',
    'getUserAccountDetailsById',
    'iphone15promaxcase',
    'Old Town 1951',
    'index.html',
    'jquery-3.7.1.min.js',
    'feed',
    'decade',
    'facebook_canvas',
    'a@b',
    '@',
    '-123',
    'utf-8',
    'es-419',
    'area-51',
    'v2-10',
    'report.2026',
    'favicon-32x32.png',
    '12-34',
    '',
    '%20',
    '2026-11-2x',
  ])('%s stays', (segment) => expect(identifies(segment)).toBe(false))
})

describe('a file extension', () => {
  test.each([
    ['41.json', ':id.json'],
    ['41.tar.gz', ':id.tar.gz'],
    ['9f8e7d6c-5b4a-4392-8170-6f5e4d3c2b1a.PNG', ':id.PNG'],
    ['admin-62f13e9f7cb78a2b3e436feaedd07fd6.css', ':id.css'],
    ['INV_001.pdf', ':id.pdf'],
    ['song-1234.mp3', ':id.mp3'],
    ['jane.doe@example.co.uk', ':id'],
    ['404.html', ':id.html'],
    ['index.html', 'index.html'],
    ['jquery-3.7.1.min.js', 'jquery-3.7.1.min.js'],
    ['41.5', '41.5'],
    ['41.', '41.'],
    ['.env', '.env'],
  ])('%s is in %s', (segment, template) => {
    expect(routesOf([`/files/${segment}`])).toEqual([`/files/${template}`])
  })
})

describe('routes', () => {
  test.each([
    ['/users/123/posts/9f8e7d6c-5b4a-4392-8170-6f5e4d3c2b1a', '/users/:id/posts/:id'],
    ['/users/123/', '/users/:id/'],
    ['/', '/'],
    ['/a//b', '/a//b'],
    ['*', '/*'],
    ['/search?q=1&r=/users/2', '/search'],
    [`/${'deep/'.repeat(40)}`, `/${'deep/'.repeat(25)}*`],
    [`/${'x'.repeat(200)}/y`, '/*'],
    [`/${'x'.repeat(125)}`, `/${'x'.repeat(125)}`],
    [`/${'x'.repeat(126)}`, '/*'],
    [`/a/${'7/'.repeat(60)}`, `/a/${':id/'.repeat(31)}*`],
  ])('%s is %s', (path, route) => expect(routesOf([path])).toEqual([route]))

  test('are at most so many, the rest is (other)', () => {
    const paths = Array.from({ length: 50 }, (_, i) => `/page-${'x'.repeat(i)}`)
    const report = reportOn(paths.map((path) => line(path)).join('\n'), { maxRoutes: 10 })
    expect(report.routes).toHaveLength(11)
    expect(report.routes[0]).toMatchObject({ route: '(other)', count: 40 })
  })

  test('of scanners (404 only) take few places', () => {
    const noise = Array.from({ length: 50 }, (_, i) => line(`/wp-${'x'.repeat(i)}.php`, 404))
    const real = ['/a', '/b', '/c', '/d'].map((path) => line(path))
    const routes = reportOn([...noise, ...real].join('\n'), { maxRoutes: 20 }).routes
    expect(routes.map(({ route }) => route).toSorted()).toEqual(
      ['(other)', '/a', '/b', '/c', '/d', '/wp-.php'].toSorted(),
    )
    expect(routes.find(({ route }) => route === '(other)')).toMatchObject({ count: 49 })
  })

  test('take no place with 404 once half of them are taken, and keep one that they have', () => {
    const real = Array.from({ length: 10 }, (_, i) => line(`/${'r'.repeat(i + 1)}`))
    const later = [line('/r', 404), line('/new', 404), line('/new'), line('/new', 404)]
    const routes = reportOn([...real, ...later].join('\n'), { maxRoutes: 20 }).routes
    expect(routes).toHaveLength(12)
    const countOf = (name: string) => routes.find(({ route }) => route === name)?.count
    expect(['/r', '/new', '(other)'].map(countOf)).toEqual([2, 2, 1])
  })

  test('that answer nothing but 404 make room when they answer', () => {
    const lines = ['/a', '/b', '/c', '/d'].flatMap((path) => [line(path, 404), line(path)])
    const routes = reportOn([...lines, line('/x', 404), line('/y', 404)].join('\n'), {
      maxRoutes: 20,
    }).routes
    expect(routes.map(({ route }) => route).toSorted()).toEqual(
      ['(other)', '/a', '/b', '/c', '/d', '/x'].toSorted(),
    )
  })

  test('that users pin win', () => {
    const pins = ['/users/:name', '/static/*', '/exact']
    expect(
      routesOf(['/users/jane', '/users/jane/posts', '/static/a/b.css', '/static', '/exact'], pins),
    ).toEqual(['/exact', '/static', '/static/*', '/users/:name', '/users/jane/posts'])
  })

  test('of long paths take one place', () => {
    const paths = Array.from({ length: 50 }, (_, i) => `/${'deep/'.repeat(30)}${'y'.repeat(i)}`)
    const report = reportOn(paths.map((path) => line(path)).join('\n'), { maxRoutes: 10 })
    expect(report.routes).toMatchObject([{ route: `/${'deep/'.repeat(25)}*`, count: 50 }])
  })

  test('hold no control characters, whatever a path holds', () => {
    expect(routesOf(['/a\u0007\u009b\u2028b'])).toEqual(['/a\ufffd\ufffd\ufffdb'])
  })
})

function identifies(segment: string): boolean {
  const bytes = Buffer.from(segment)
  return bytes.length > 0 && endOfIdentifier(bytes, 0, bytes.length) === bytes.length
}

function routesOf(paths: readonly string[], pins: readonly string[] = []): string[] {
  const report = reportOn(paths.map((path) => line(path)).join('\n'), { pins })
  return report.routes.map(({ route }) => route).toSorted()
}

function line(path: string, status = 200): string {
  return `2026-11-21T11:00:00+00:00 heroku[router]: at=info method=GET path="${path}" host=a dyno=web.1 connect=1ms service=20ms status=${status} bytes=9`
}
