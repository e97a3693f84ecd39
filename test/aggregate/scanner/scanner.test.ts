import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sharedScanner } from '../../../src/aggregate/scanner/scanner.ts'
import { textOf } from '../../../bench/log-lines.ts'
import { START, ofBodies, ofText } from '../../support/both-ways.ts'
import { body } from '../../support/count.ts'

const CORPUS =
  process.env['L2MET_CORPUS'] ?? join(import.meta.dirname, '../../../../shared/heroku/corpus')

const scanner = sharedScanner()
const traffic = [...textOf({ lines: 3000 })].join('').split('\n').filter(Boolean)

/** Words that lines are made of, at their limits. */
const PIECES = [
  '=', '"', ' ', '  ', '\t', '#', '\\"', 'ms', '=-', '.5', 'e3', '%', '/', '?a=1', ':', '[', ']: ', '\r',
  'measure#a.ms=3', 'measure#a=-3', 'measure#a=1e3', 'measure#a=1.5.2', 'measure#a=', 'measure#a', 'measure.b=4',
  'count#c=0.1', 'count#c=-4us', 'sample#d=-0', 'sample#d=99999999999999999', 'unique#e=x', 'unique#e', 'unique#e="q r"',
  'source=web.9', 'source=', 'source', 'tag#region=eu', 'tag#9=x', 'metric#tag#y=z', 'measure#f=0.0000000001s',
  'count#c=123456789012345678', 'measure#g=1099511627777', 'measure#g=70000ms', 'count#µ=1', 'count#a$b=1', 'count#=2', '#<User:0x1f>', 'tag#b!=1', 'dyno=web.7',
  'dyno=', 'service=12ms', 'service=', 'service=1234567890123ms', 'service=70000ms', 'service=1x', 'status=99',
  'status=503', 'bytes=12ms', 'connect=0ms', 'code=H12', 'code=Hx', 'at=error ', 'at=info', 'sock=client ',
  'path=/x', 'method=', 'desc="a b"', 'agent="x"', 'tls=true', '2026-11-21', '550e8400-e29b-41d4-a716-446655440000',
  '/01ARZ3NDEKTSV4RRFFQ69G5FAV', '/41.json', '/INV_001.pdf', '/ORD-7', '/red-shoes-1234', '/1234-red', '/es-419',
  '/@jane', '.tar.gz', '/a-long-segment/'.repeat(9), '2026-02-30', '2026-11-31', 'T24:00:00', '/a@b.co', '/deadbeefdeadbeef', '/x1y2z3a4b5c6', '+00:00', 'Z', '-05:00', '.123456789',
  '\u001b[36m', '\u001b[0m', '\0', '- ', '- - ', '[x y="z"] ', 'heroku', 'logplex',
] // prettier-ignore

const change = fc.record({
  line: fc.nat(),
  at: fc.nat(),
  cut: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(40)),
  piece: fc.oneof(
    fc.constantFrom(...PIECES),
    fc.integer({ min: 32, max: 126 }).map((byte) => String.fromCharCode(byte)),
  ),
})

/** Neighbouring lines of the modelled app, some of them changed. */
const lines = fc
  .tuple(fc.nat(traffic.length - 200), fc.array(change, { maxLength: 60 }))
  .map(([from, changes]) => {
    const some = traffic.slice(from, from + 150)
    for (const { line, at, cut, piece } of changes) {
      const i = line % some.length
      const text = some[i]!
      const place = at % (text.length + 1)
      some[i] = text.slice(0, place) + piece + text.slice(place + cut)
    }
    // Twice, so that each line is also met when its kind is known.
    return [...some, ...some]
  })

test('the scanner is there', () => {
  expect(scanner).toBeDefined()
})

describe('what the scanner counts is what the long way counts, to the last bit', () => {
  test('lines of text', () => {
    fc.assert(
      fc.property(lines, (some) => {
        expect(ofText(some, scanner)).toEqual(ofText(some, undefined))
      }),
      { numRuns: 150 },
    )
  })

  test('lines of text in windows', () => {
    fc.assert(
      fc.property(lines, (some) => {
        expect(ofText(some, scanner, 300)).toEqual(ofText(some, undefined, 300))
      }),
      { numRuns: 50 },
    )
  })

  test('bodies', () => {
    fc.assert(
      fc.property(lines, fc.nat(1000), fc.integer({ min: -20, max: 120 }), (some, damage, late) => {
        const bodies = chunksOf(some, 40).map((chunk) => damaged(bodyOf(chunk), damage))
        expect(ofBodies(bodies, scanner, late)).toEqual(ofBodies(bodies, undefined, late))
      }),
      { numRuns: 150 },
    )
  })

  test('with few series and routes, where most go to the overflow', () => {
    fc.assert(
      fc.property(lines, (some) => {
        const options = { maxSeries: 30, maxRoutes: 4 }
        expect(ofText(some, scanner, undefined, options)).toEqual(
          ofText(some, undefined, undefined, options),
        )
      }),
      { numRuns: 50 },
    )
  })

  test('pinned routes', () => {
    const options = { pins: ['/products/*', '/cart/:what'] }
    expect(ofText(traffic, scanner, undefined, options)).toEqual(
      ofText(traffic, undefined, undefined, options),
    )
  })

  test('routes of sessions', () => {
    for (const streams of [['/products/*', '/cart/:what'], ['/products/42'], ['/*']]) {
      expect(ofText(traffic, scanner, undefined, { streams })).toEqual(
        ofText(traffic, undefined, undefined, { streams }),
      )
    }
  })

  test('values below zero of series that it knows', () => {
    const values = [5, -5, -0, 0, 1, -1]
    const some = values.flatMap((value) =>
      ['count#a', 'count#a.ms', 'measure#a', 'sample#a'].map(
        (key) => `2026-11-20T10:00:00Z app[web.1]: ${key}=${value} count#b`,
      ),
    )
    expect(ofText(some, scanner)).toEqual(ofText(some, undefined))
  })

  test('more clock seconds than the scanner keeps at a time', () => {
    const line =
      'at=info method=GET path="/" host=a dyno=web.1 connect=1ms service=2ms status=200 bytes=3'
    const some = Array.from(
      { length: 20_000 },
      (_, i) => `${new Date(START + i * 1000).toISOString()} heroku[router]: ${line}`,
    )
    expect(ofText(some, scanner)).toEqual(ofText(some, undefined))
  })

  test('more different visitors than the scanner keeps at a time', () => {
    const some = Array.from(
      { length: 20_000 },
      (_, i) => `2026-11-20T10:00:00Z app[web.1]: unique#visitor=${i % 9000} count#visit`,
    )
    expect(ofText(some, scanner)).toEqual(ofText(some, undefined))
  })

  test('more kinds of lines than the scanner can learn', () => {
    const [some, alike] = [(i: number) => i, () => 1].map((runOf) =>
      Array.from(
        { length: 400_000 },
        (_, i) => `2026-11-20T10:00:00Z app[run.${runOf(i)}]: count#job=1`,
      ),
    ) as [string[], string[]]
    const { caches } = scanner!
    expect(ofText(some, scanner)).toEqual(ofText(alike, scanner))
    // It was full, and has forgotten all.
    expect(scanner!.caches).not.toBe(caches)
  })

  test.skipIf(!existsSync(CORPUS))('real lines', () => {
    for (const file of readdirSync(CORPUS).filter((name) => name.endsWith('.log'))) {
      const some = readFileSync(join(CORPUS, file), 'latin1').split('\n')
      const twice = [...some, ...some]
      expect([file, ofText(twice, scanner)]).toEqual([file, ofText(twice, undefined)])
    }
    const frames = join(CORPUS, 'logplex-frames')
    for (const file of readdirSync(frames).filter((name) => name.endsWith('.bin'))) {
      const bytes = readFileSync(join(frames, file))
      const bodies = [bytes, bytes, bytes]
      expect([file, ofBodies(bodies, scanner, 0)]).toEqual([file, ofBodies(bodies, undefined, 0)])
    }
  })
})

/** The lines as Logplex frames, where they look like lines of text. */
function bodyOf(some: readonly string[]): Buffer {
  return body(
    ...some.map((line) => {
      const [, time, app, proc, message] = /^(\S*) (\w*)\[([^\]]*)\]: ?(.*)$/.exec(line) ?? []
      return time === undefined ? line : `<190>1 ${time} host ${app} ${proc} - ${message}\n`
    }),
  )
}

/** One byte in a thousand bodies' places is another. */
function damaged(bytes: Buffer, damage: number): Buffer {
  if (damage < 700) return bytes
  const copy = Buffer.from(bytes)
  copy[(damage * 7919) % copy.length] = damage & 127
  return copy
}

function chunksOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
    all.slice(i * size, (i + 1) * size),
  )
}
