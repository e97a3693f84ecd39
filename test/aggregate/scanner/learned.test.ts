import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sharedScanner } from '../../../src/aggregate/scanner/scanner.ts'
import { START, ofBodies, ofText } from '../../support/both-ways.ts'
import { body, syslog } from '../../support/count.ts'
import { type Asked, requestsOf } from '../../support/learnable-app.ts'
import { routerLine } from '../../support/scrape.ts'

const scanner = sharedScanner()!

describe('what the scanner counts of routes that fold is what the long way counts', () => {
  test.each([200, 60, 10])('as text, with room for %i', (maxRoutes) => {
    const some = linesOf(requestsOf(12_000))
    const options = { maxRoutes }
    expect(ofText(some, scanner, undefined, options)).toEqual(
      ofText(some, undefined, undefined, options),
    )
  })

  test('as text in windows', () => {
    const some = linesOf(requestsOf(4000, { seed: 2 }))
    expect(ofText(some, scanner, 300)).toEqual(ofText(some, undefined, 300))
  })

  test('as bodies', () => {
    const bodies = chunksOf(requestsOf(6000, { seed: 3 }), 50).map((some) =>
      body(...some.map((one) => syslog('heroku', 'router', messageOf(one), START))),
    )
    expect(ofBodies(bodies, scanner, -60)).toEqual(ofBodies(bodies, undefined, -60))
  })

  test('of any words', () => {
    const word = fc.oneof(
      fc.constantFrom(
        '',
        'new',
        'a',
        '17',
        ':id',
        ':slug',
        'é',
        '%20',
        'x'.repeat(30),
        'a-b-c',
        'a.b',
        '*',
      ),
      fc.nat(400).map((i) => `w${String.fromCharCode(97 + (i % 26), 97 + ((i / 26) % 26))}`),
      fc.nat(400).map((i) => `w-${i}-x`),
      fc.string({ maxLength: 6 }).map((text) => text.replaceAll(/[\s"?/]/g, '')),
    )
    const path = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => {
      const [first = '', ...rest] = words
      return `/${first.length % 2 === 0 ? 'u' : first}/${rest.join('/')}`
    })
    const asked = fc.record({ path, status: fc.constantFrom(200, 200, 200, 302, 404, 500) })
    fc.assert(
      fc.property(
        fc.array(asked, { minLength: 100, maxLength: 800 }),
        fc.constantFrom(5, 30, 200),
        (some, maxRoutes) => {
          const once = linesOf(some)
          const twice = [...once, ...once]
          expect(ofText(twice, scanner, undefined, { maxRoutes })).toEqual(
            ofText(twice, undefined, undefined, { maxRoutes }),
          )
        },
      ),
      { numRuns: 60 },
    )
  })

  test('when it forgets in between', () => {
    const asked = linesOf(requestsOf(3000, { seed: 4 }))
    const filler = Array.from(
      { length: 400_000 },
      (_, i) => `${timeOf(i)} app[run.${i}]: count#job=1`,
    )
    const some = [...asked.slice(0, 2000), ...filler, ...asked.slice(2000)]
    const { caches } = scanner
    const counted = ofText(some, scanner)
    expect(scanner.caches).not.toBe(caches)
    expect(counted).toEqual(ofText(some, undefined))
  })
})

test('once folded, new words are counted by the scanner', () => {
  const asked = requestsOf(30_000, { seed: 5, noise: 0 })
  const { exports } = scanner.module
  const before = exports.linesCounted()
  ofText(linesOf(asked), scanner)
  expect(asked.length - (exports.linesCounted() - before)).toBeLessThan(1500)
})

function linesOf(asked: readonly Pick<Asked, 'path' | 'status'>[]): string[] {
  return asked.map((one, i) => `${timeOf(i)} heroku[router]: ${messageOf(one)}`)
}

function messageOf({ path, status }: Pick<Asked, 'path' | 'status'>): string {
  return routerLine({ path, status, dyno: 'web.1', service: 12 })
}

function timeOf(i: number): string {
  return new Date(START + i).toISOString()
}

function chunksOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
    all.slice(i * size, (i + 1) * size),
  )
}
