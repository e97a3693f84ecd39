import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { partsOf, readParts } from '../../src/input/file-part.ts'
import { createBulkLines } from '../../src/input/text-lines.ts'

let folder = ''
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'l2met-parts-'))))
afterAll(() => rmSync(folder, { recursive: true }))

const CHUNK = 256 * 1024
const line = fc
  .oneof(fc.nat(20), fc.constantFrom(1000, CHUNK - 1, CHUNK))
  .chain((length) => fc.constantFrom('a', 'b', 'µ').map((char) => [char, length] as const))

test('each line of a file is in exactly one of its parts, however many there are', async () => {
  const text = fc
    .tuple(fc.array(line, { maxLength: 12 }), fc.boolean())
    .map(([lines, ends]) => ({ lines, end: ends ? '\n' : '' }))
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.integer({ min: 1, max: 7 }),
      async ({ lines: written, end }, count) => {
        const content = written.map(([char, length]) => char.repeat(length)).join('\n') + end
        const path = join(folder, 'log')
        writeFileSync(path, content)
        const size = Buffer.byteLength(content)
        const found: string[] = []
        let read = 0
        const parts = partsOf(size, Math.max(1, Math.ceil(size / count)))
        const lines = createBulkLines(2 * CHUNK, {
          onLine: (bytes, start, end) =>
            found.push(shortened(Buffer.from(bytes.subarray(start, end)).toString())),
          onTooLong: () => found.push('too long'),
        })
        const sink = {
          onPart: () => {},
          onChunk: (chunk: Buffer) => lines.write(chunk),
          onRead: (bytes: number) => (read += bytes),
        }
        await readParts(path, () => parts.shift(), sink, new AbortController().signal)
        await lines.end()
        const expected = content.split('\n')
        if (expected.at(-1) === '') expected.pop()
        expect(found).toEqual(expected.map(shortened))
        expect(read).toBe(size)
      },
    ),
    { numRuns: 60 },
  )
})

/** Long lines would make a failure unreadable. */
function shortened(line: string): string {
  return line.length > 30 ? `${line.slice(0, 3)}… ${line.length}` : line
}
