import { describe, expect, test } from 'vitest'
import { beginsWithFrame, createFrameLines } from '../../src/input/frame-lines.ts'

const MAX_LINE = 65_536
const head = (proc: string) => `<190>1 2026-11-21T11:00:00+00:00 host app ${proc} - `

function framed(message: string, count = Buffer.byteLength(message)): string {
  return `${count} ${message}`
}

/** The frames of a text that comes in chunks of `size` bytes. */
async function framesOf(text: string, size: number): Promise<string[]> {
  const frames: string[] = []
  const lines = createFrameLines(MAX_LINE, {
    onLine: (bytes, start, end) =>
      void frames.push(Buffer.from(bytes.subarray(start, end)).toString()),
    onTooLong: () => void frames.push('(too long)'),
  })
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) lines.write(bytes.subarray(at, at + size))
  await lines.end()
  return frames.map((frame) => frame.trimEnd())
}

const A = `${head('web.1')}a \u00e9`
const B = `${head('web.2')}jobs=2`
const C = `${head('web.3')}c`

describe.each([1, 7, 4096])('in chunks of %d bytes', (size) => {
  test.each([
    ['without newlines', framed(A) + framed(B) + framed(C)],
    ['with counted newlines', framed(`${A}\n`) + framed(`${B}\n`) + framed(`${C}\n`)],
    ['on lines of their own', `${framed(A)}\n${framed(B)}\r\n${framed(C)}\n`],
    [
      'of which one lacks its counted newline',
      framed(A, Buffer.byteLength(A) + 1) + framed(B) + framed(C),
    ],
    ['of which the last counts one too many', framed(A) + framed(B) + framed(C, C.length + 1)],
    [
      'with counts that somebody made wrong, on lines',
      `${framed(A, 9)}\n${framed(B, 99)}\n${framed(C)}`,
    ],
    ['with a count beyond all', framed(A, 9_000_000) + framed(B) + framed(C)],
  ])('frames %s', async (_, text) => {
    expect(await framesOf(text, size)).toEqual([A, B, C])
  })

  test('a newline within a message stays within it', async () => {
    const lines = `${head('web.1')}one\n2026-11-21T11:00:00+00:00 heroku[router]: two`
    expect(await framesOf(framed(lines) + framed(B), size)).toEqual([lines, B])
  })

  test('what is no frame is a line', async () => {
    expect(await framesOf(`${framed(A)}\nplain text\n${framed(B)}`, size)).toEqual([
      A,
      'plain text',
      B,
    ])
  })
})

test('a body of any size is cut', async () => {
  const many = Array.from({ length: 20_000 }, (_, i) => `${head('web.1')}${i}`)
  expect(await framesOf(many.map((one) => framed(one)).join(''), 256 * 1024)).toEqual(many)
})

test('what is too long is skipped, once', async () => {
  const long = framed(`${head('web.1')}${'x'.repeat(3 * MAX_LINE)}`)
  expect(await framesOf(`${framed(A)}${long}\n${framed(B)}`, 4096)).toEqual([A, '(too long)', B])
})

test.each([
  ['83 <40>1 2012', true],
  ['\n 83 <40>1 2012', true],
  ['83 <40>', false],
  ['2026-11-21T11:00:00 app[web.1]: x', false],
  ['<40>1 2012', false],
])('%j begins with a frame: %s', (text, expected) => {
  expect(beginsWithFrame(Buffer.from(text))).toBe(expected)
})
