import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_MESSAGE, scanFrames } from '../../src/frame/octets.ts'
import { body, syslog } from '../support/count.ts'

const A = syslog('app', 'web.1', 'first message\n')
const B = syslog('heroku', 'router', 'second µ message\n')
const C =
  '<172>1 2026-11-21T12:00:00+00:00 host heroku logplex - Error L10 (output buffer overflow): 5 messages dropped since 2026-11-21T11:59:00+00:00.'

const D = syslog('app', 'web.1', 'count#x=1\n')

/** Frames of which the last lacks its counted newline. */
function lacking(...messages: string[]): string {
  return body(...messages)
    .toString()
    .slice(0, -1)
}

describe('scanFrames', () => {
  test.each<[name: string, body: string | Buffer, messages: string[], broken: number]>([
    ['frames one after the other', body(A, B, C), [A, B, C], 0],
    ['a frame without newline glued to the next', body(C, A), [C, A], 0],
    ['newlines inside a message', body('<1>1 a\nb\n\nc', A), ['<1>1 a\nb\n\nc', A], 0],
    ['nothing', '', [], 0],
    ['only blanks', ' \n\n', [], 0],
    ['a stray newline after the last frame', Buffer.concat([body(A), Buffer.from('\n')]), [A], 0],
    ['text without counts', 'hello world', [], 1],
    ['JSON', '{"lines":[{"a":1},{"b":2}]}', [], 1],
    ['a count that is no number', `x7 ${A}${body(B).toString()}`, [B], 1],
    ['a negative count', `-5 ${A}${body(B).toString()}`, [B], 1],
    ['a count too small', `20 ${A}${body(B).toString()}`, [B], 1],
    [
      'a count one too small',
      `${A.length - 1} ${A.trimEnd()}${body(B).toString()}`,
      [A.trimEnd(), B],
      0,
    ],
    [
      'a count too large, that swallows the next frame',
      `${A.length + 9} ${A}${body(B, C).toString()}`,
      [B, C],
      1,
    ],
    ['a count beyond the end', `${body(A).toString()}99999 ${B}`, [A], 1],
    [
      'the first broken, ten good',
      `12 oops${body(A, B, C, A, B, C, A, B, C, A).toString()}`,
      [A, B, C, A, B, C, A, B, C, A],
      1,
    ],
    [
      'a broken one in the middle',
      `${body(A).toString()}zzz <1 zzz ${body(B).toString()}`,
      [A, B],
      1,
    ],
    [
      'rubbish after a message without a newline',
      `${body(C).toString()}rubbish ${body(B).toString()}`,
      [C, B],
      1,
    ],
    ['rubbish glued to a frame', `\0\u00ff${body(A, B).toString()}`, [A, B], 1],
    ['rubbish in a line before a frame', `oops\n${body(A, B).toString()}`, [A, B], 1],
    ['a count of zero', `0 ${body(A).toString()}`, ['', A], 0],
    [
      'a message that looks like a frame',
      body(`<13>1 x 531 <134>1 inner\n`, A),
      ['<13>1 x 531 <134>1 inner\n', A],
      0,
    ],
    ['a message over the limit', body(`<13>1 ${'x'.repeat(MAX_MESSAGE)}`, A), [A], 1],
  ])('%s', (_, bytes, messages, broken) => {
    expect(scan(Buffer.from(bytes as string))).toEqual({ messages, broken })
  })

  test.each<[name: string, body: string, messages: string[]]>([
    ['the last frame', lacking(A, B), [A, B.trimEnd()]],
    ['a frame in the middle', `${lacking(A)}${body(B).toString()}`, [A.trimEnd(), B]],
    ['all frames', lacking(A) + lacking(B) + lacking(A), [A, B, A].map((one) => one.trimEnd())],
    ['a frame that ends in a digit', lacking(D) + lacking(D), [D.trimEnd(), D.trimEnd()]],
    ['before a count of one digit', `${lacking(D)}9 <13>1 ab\n`, [D.trimEnd(), '<13>1 ab\n']],
  ])('a lost newline of %s costs nothing', (_, bytes, messages) => {
    expect(scan(Buffer.from(bytes))).toEqual({ messages, broken: 0 })
  })

  test('a message of which a part was lost says so, unless all have a newline', () => {
    const whole = body(C, D.trimEnd()).toString()
    expect(cutOf(whole)).toEqual([false, false])
    expect(cutOf(whole.slice(0, -1))).toEqual([false, true])
    expect(cutOf(body(A, D).toString().slice(0, -1))).toEqual([false, false])
    expect(cutOf(body(D).toString().slice(0, -1))).toEqual([false])
  })

  // Once it was looked through to its end for each of them: two hundred kilobytes took twenty seconds.
  test.each(['0 ', '1 a', '1 a ', '1 <'])(
    'a body of nothing but %j is walked through once',
    (part) => {
      const bytes = Buffer.from(part.repeat(2 ** 20))
      let found = 0
      const count = () => void (found += 1)
      scanFrames(bytes, 0, count, count)
      expect(found).toBeGreaterThan(0)
    },
  )

  test('gives back what was framed, whatever it is', () => {
    const message = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), (messages) => {
        const framed = messages.map((m) => Buffer.concat([Buffer.from('<13>1 '), m]))
        const bytes = Buffer.concat(framed.flatMap((m) => [Buffer.from(`${m.length} `), m]))
        const found: string[] = []
        const keep = (start: number, end: number) =>
          found.push(bytes.toString('latin1', start, end))
        scanFrames(bytes, 0, keep, () => found.push('broken'))
        expect(found).toEqual(framed.map((m) => m.toString('latin1')))
      }),
    )
  })

  test('any bytes end, and no message is outside of them or given twice', () => {
    const nasty = fc.array(
      fc.oneof(
        fc.constantFrom(
          '12 <13>1 ',
          '99 ',
          '<1',
          '<13>1 ',
          ' ',
          '\n',
          '0 ',
          '999999999 <1>1 ',
          '5',
        ),
        fc.string({ maxLength: 8 }),
      ),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(
        fc.oneof(
          nasty.map((parts) => Buffer.from(parts.join(''))),
          fc.uint8Array(),
        ),
        (bytes) => {
          let last = 0
          scanFrames(
            bytes,
            0,
            (start, end) => {
              expect(start).toBeGreaterThanOrEqual(last)
              expect(end).toBeGreaterThanOrEqual(start)
              expect(end).toBeLessThanOrEqual(bytes.length)
              last = end
            },
            () => {},
          )
        },
      ),
      { numRuns: 500 },
    )
  })
})

function cutOf(text: string): boolean[] {
  const cuts: boolean[] = []
  scanFrames(
    Buffer.from(text),
    0,
    (_start, _end, isCut) => cuts.push(isCut),
    () => {},
  )
  return cuts
}

function scan(bytes: Buffer): { messages: string[]; broken: number } {
  const messages: string[] = []
  let broken = 0
  scanFrames(
    bytes,
    0,
    (start, end) => messages.push(bytes.toString('utf8', start, end)),
    () => (broken += 1),
  )
  return { messages, broken }
}
