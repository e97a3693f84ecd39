import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Lines, createBulkLines, createLiveLines } from '../../src/input/text-lines.ts'

const MAX = 40

interface Seen {
  readonly lines: string[]
  readonly dirty: boolean[]
  tooLong: number
}

async function read(live: boolean, chunks: readonly Buffer[]): Promise<Seen> {
  const seen: Seen = { lines: [], dirty: [], tooLong: 0 }
  const sink = {
    onLine(bytes: Uint8Array, start: number, end: number, isClean: boolean) {
      seen.lines.push(Buffer.from(bytes.subarray(start, end)).toString('latin1'))
      seen.dirty.push(!isClean)
    },
    onTooLong() {
      seen.tooLong += 1
    },
  }
  const lines: Lines = live ? await createLiveLines(MAX, sink) : createBulkLines(MAX, sink)
  for (const chunk of chunks) {
    const lent = Buffer.from(chunk)
    lines.write(lent)
    // Whoever gave the chunk writes the next one over it.
    lent.fill(88)
  }
  await lines.end()
  return seen
}

function cutAt(text: string, cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(text, 'latin1')
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length]
  places.sort((a, b) => a - b)
  return places.slice(1).map((place, i) => bytes.subarray(places[i], place))
}

describe.each([
  ['bulk', false],
  ['live', true],
])('%s lines', (_, live) => {
  test('gives each line without its newline, and the last one without any', async () => {
    const { lines, tooLong } = await read(live, [Buffer.from('one\ntw'), Buffer.from('o\n\nlast')])
    expect(lines).toEqual(['one', 'two', '', 'last'])
    expect(tooLong).toBe(0)
  })

  test('skips and counts what is too long, wherever it ends', async () => {
    const long = 'x'.repeat(MAX + 1)
    const chunks = [`a\n${long}`, long, `${long}\nb\n${long}`]
    const seen = await read(
      live,
      chunks.map((chunk) => Buffer.from(chunk)),
    )
    const short = seen.lines.filter((line) => line.length <= MAX)
    expect(short).toEqual(['a', 'b'])
    // A line that is too long may also be given as it is: then who gets it counts it.
    expect(seen.tooLong + seen.lines.length - short.length).toBe(2)
  })

  test('says which lines hold ESC or NUL', async () => {
    const { lines, dirty } = await read(live, [Buffer.from('\u001b[31mred\u001b[0m\nne\0w')])
    expect(lines).toEqual(['\u001b[31mred\u001b[0m', 'ne\0w'])
    expect(dirty).toEqual([true, true])
  })

  test('any chunking gives the same lines', async () => {
    const text = fc
      .array(
        fc.string({ unit: fc.constantFrom('a', ' ', '=', '\r', '\u001b', '\0'), maxLength: MAX }),
      )
      .map((lines) => lines.join('\n'))
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(), { maxLength: 8 }), async (text, cuts) => {
        const { lines } = await read(live, cutAt(text, cuts))
        const expected = text.split('\n')
        if (expected.at(-1) === '') expected.pop()
        expect(lines).toEqual(expected)
      }),
    )
  })
})

test.each([false, true])(
  'a mark of the encoding is no part of the first line (live: %s)',
  async (live) => {
    const text = 'one\ntwo'
    expect((await read(live, [Buffer.from(`\ufeff${text}`)])).lines).toEqual(['one', 'two'])
    const little = Buffer.from(`\ufeff${text}`, 'utf16le')
    expect((await read(live, [little])).lines[0]).toBe('o\0n\0e\0')
    expect((await read(live, [Buffer.from(little).swap16()])).lines[0]).toBe('\0o\0n\0e\0')
  },
)
