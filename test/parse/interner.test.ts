import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NO_NAME, createInterner, internName, nameText } from '../../src/parse/interner.ts'

test('numbers names in the order they come, and knows them again', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { maxLength: 300 }),
      (texts) => {
        const names = createInterner(10_000)
        const expected = [...new Set(texts)]
        for (const text of texts) expect(intern(names, text)).toBe(expected.indexOf(text))
        expected.forEach((text, number) => {
          expect(nameText(names, number)).toBe(text)
          expect(intern(names, text)).toBe(number)
        })
        expect(names.size).toBe(expected.length)
      },
    ),
  )
})

test('takes no more than its limit', () => {
  const names = createInterner(2)
  expect(['a', 'b', 'c', 'a', 'c'].map((text) => intern(names, text))).toEqual([
    0,
    1,
    NO_NAME,
    0,
    NO_NAME,
  ])
})

function intern(names: ReturnType<typeof createInterner>, text: string): number {
  const bytes = Buffer.from(`<${text}>`)
  return internName(names, bytes, 1, bytes.length - 1)
}
