import { describe, expect, test } from 'vitest'
import { longWayOf } from '../../../bench/long-way.ts'
import { PROFILES, type Profile, profileBodies, profileText } from '../../../bench/profiles.ts'
import { sharedScanner } from '../../../src/aggregate/scanner/scanner.ts'
import { START, ofBodies, ofText } from '../../support/both-ways.ts'
import { routerLine } from '../../support/scrape.ts'

const scanner = sharedScanner()!

describe.each(PROFILES)('what the scanner counts of %s is what the long way counts', (profile) => {
  test('as text', () => {
    const some = linesOf(profile, 8000)
    expect(ofText(some, scanner)).toEqual(ofText(some, undefined))
  })

  test('as bodies', () => {
    const bodies = [...profileBodies(profile, { lines: 2000, start: START }, 50)]
    const some = bodies.map(({ bytes }) => bytes)
    expect(ofBodies(some, scanner, 0)).toEqual(ofBodies(some, undefined, 0))
  })
})

// The hundred routes of slugs of the large app have first to be learned, and then their methods and statuses.
test.each([
  ['small', 50_000],
  ['large', 100_000],
  ['many', 50_000],
] as const)(
  'of %s less than one line in a hundred goes the long way after the first %i',
  (profile, first) => {
    expect(longWayOf(profile, first + 10_000).at(-1)).toBeLessThan(100)
  },
)

test('what has no place is counted by the scanner', () => {
  const some = Array.from({ length: 9000 }, (_, i) => {
    const dyno = `web.${i}`
    const message = routerLine({ dyno, path: `/x${i}`, status: i % 2 === 0 ? 404 : 200 })
    return `2026-11-20T10:00:00Z heroku[router]: ${message}`
  })
  // Names of dynos and routes take a line each, and so do their first requests.
  expect(longWay(some)).toBeLessThan(4600)
  expect(ofText(some, scanner)).toEqual(ofText(some, undefined))
})

test('requests of pinned routes are counted by the scanner', () => {
  const pins = ['/users/:name', '/static/*', '/users/:name/posts', '/']
  const paths = ['/users/7', '/users/jane', '/users/', '/users/jane/posts', '/static', '/static/']
  const some = Array.from({ length: 300 }, (_, i) => {
    const path = [...paths, '/', '', '//', `/static/${i}/a.js`, `/users/u${i}`][i % 11]!
    return `2026-11-20T10:00:00Z heroku[router]: ${routerLine({ path })}`
  })
  expect(longWay(some, { pins })).toBeLessThan(20)
  expect(ofText(some, scanner, undefined, { pins })).toEqual(
    ofText(some, undefined, undefined, { pins }),
  )
})

test('what was taught is kept when the memory for it grows', () => {
  const known = '2026-11-20T10:00:00Z app[web.1]: count#a=1 measure#b=3ms'
  const others = Array.from(
    { length: 6000 },
    (_, i) => `2026-11-20T10:00:00Z app[web.1]: count#k${i}=1`,
  )
  const some = [known, known, ...others, known, known]
  expect(ofText(some, scanner)).toEqual(ofText(some, undefined))
})

test('days of all months and all precisions of a time', () => {
  const years = [1972, 1999, 2000, 2023, 2024, 2096, 2100, 2400]
  const fractions = ['', '.5', '.123', '.123456', '.123456789', '.999999']
  const some = years.flatMap((year) =>
    Array.from({ length: 12 }, (_, month) => [1, 27, 28, 29, 30, 31].map((day) => [month + 1, day]))
      .flat()
      .flatMap(([month, day], i) => {
        const date = [year, month, day].map((part) => String(part).padStart(2, '0')).join('-')
        const time = `${date}T23:59:${58 + (i % 3)}${fractions[i % 6]}${['Z', '+00:00', '', '+05:30'][i % 4]}`
        return [`${time} app[web.1]: count#a=1`, `${time} heroku[router]: ${routerLine({})}`]
      }),
  )
  expect(ofText(some, scanner, 86_400_000)).toEqual(ofText(some, undefined, 86_400_000))
  expect(ofText(some, scanner)).toEqual(ofText(some, undefined))
})

test('numbers at the place where the platform cuts a message', () => {
  const cut = [9997, 9998, 9999, 10_000, 10_001, 10_002]
  const messages = cut.flatMap((length) =>
    ['count#a=17', 'measure#b=12ms', 'sample#c=4', 'status=200', 'unique#d=abc'].map(
      (end) => `${'x'.repeat(length - end.length - 1)} ${end}`,
    ),
  )
  const some = messages.map((message) => `2026-11-20T10:00:00Z app[web.1]: ${message}`)
  const twice = [
    '2026-11-20T10:00:00Z app[web.1]: count#a=1 measure#b=1ms sample#c=1',
    ...some,
    ...some,
  ]
  expect(ofText(twice, scanner)).toEqual(ofText(twice, undefined))
  const frames = messages.map((message) => {
    const text = `<190>1 2026-11-20T10:00:00Z host app web.1 - ${message}`
    return Buffer.from(`${text.length} ${text}`)
  })
  expect(ofBodies(frames, scanner, 0)).toEqual(ofBodies(frames, undefined, 0))
})

test('paths with every byte, before and after there is no more room', () => {
  const bytes = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => byte !== 10)
  const paths = bytes.flatMap((byte) => {
    const char = String.fromCharCode(byte)
    return [`/${char}`, `/a${char}b/1`, `/users/${char}`, `/${char.repeat(12)}7a8b9c`, char]
  })
  const more = ['/users/:id', '/users/1', ':id', '/:id', '//', '/1', '1', `/${'a'.repeat(130)}`]
  const some = [...paths, ...more].map(
    (path) => `2026-11-20T10:00:00Z heroku[router]: ${routerLine({ path })}`,
  )
  for (const maxRoutes of [4, 200, 2000]) {
    const twice = [...some, ...some]
    expect(ofText(twice, scanner, undefined, { maxRoutes })).toEqual(
      ofText(twice, undefined, undefined, { maxRoutes }),
    )
  }
})

/** How many of the lines the scanner left to the long way. */
function longWay(some: readonly string[], options = {}): number {
  const { exports } = scanner.module
  const before = exports.linesCounted()
  ofText(some, scanner, undefined, options)
  return some.length - (exports.linesCounted() - before)
}

function linesOf(profile: Profile, lines: number): string[] {
  return [...profileText(profile, { lines, start: START })].join('').split('\n').slice(0, lines)
}
