import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  createBodyWriter,
  writeAgain,
  writeByte,
  writeBytes,
  writeNumber,
  writeText,
  takeWritten,
} from '../../src/export/prometheus/body-writer.ts'

const NUMBERS = [0, -0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 53, 0.1, 1e21, 1e-7, -5, NaN]

test('numbers and text are written as strings would be, however long the body gets', () => {
  const number = fc.oneof(fc.constantFrom(...NUMBERS), fc.double(), fc.nat())
  const text = fc.string({ unit: 'binary', maxLength: 300 }).map((some) => some.toWellFormed())
  fc.assert(
    fc.property(fc.array(fc.tuple(number, text), { maxLength: 30 }), (parts) => {
      const writer = createBodyWriter()
      let expected = ''
      for (const [value, piece] of parts) {
        const start = writer.length
        writeNumber(writer, value)
        writeText(writer, piece)
        writeByte(writer, 10)
        writeAgain(writer, start, writer.length)
        writeBytes(writer, Buffer.from(piece))
        expected += `${`${value}${piece}\n`.repeat(2)}${piece}`
      }
      expect(takeWritten(writer).toString()).toBe(expected)
    }),
    { numRuns: 300 },
  )
  const writer = createBodyWriter()
  for (let i = 0; i < 40; i += 1) writeText(writer, 'x'.repeat(10_000))
  expect(takeWritten(writer).equals(Buffer.alloc(400_000, 'x'))).toBe(true)
})
