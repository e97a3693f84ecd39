import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createQuantity, parseQuantity } from '../../src/parse/quantity.ts'

describe('parseQuantity', () => {
  test.each<[text: string, value: number, unit: string]>([
    ['4ms', 0.004, 's'],
    ['1.2s', 1.2, 's'],
    ['900us', 0.0009, 's'],
    ['15ns', 0.000000015, 's'],
    ['2m', 120, 's'],
    ['3h', 10_800, 's'],
    ['21.00MB', 21 * 2 ** 20, 'bytes'],
    ['15405636.0kB', 15_405_636 * 1024, 'bytes'],
    ['2.5GB', 2.5 * 2 ** 30, 'bytes'],
    ['4347350804bytes', 4_347_350_804, 'bytes'],
    ['7B', 7, 'bytes'],
    ['50%', 0.5, 'ratio'],
    ['343403pages', 343_403, 'pages'],
    ['12widgets', 12, 'widgets'],
    ['12', 12, ''],
    ['-5ms', -0.005, 's'],
    ['+5', 5, ''],
    ['.5', 0.5, ''],
    ['5.', 5, ''],
    ['1.5e3ms', 1.5, 's'],
    ['1e-05', 0.00001, ''],
    ['1.2e+06', 1_200_000, ''],
    ['4222222222222222', 4_222_222_222_222_222, ''],
    ['4.111111111111111', 4.111111111111111, ''],
    ['0.06675254510753698', 0.06675254510753698, ''],
    ['0', 0, ''],
    ['-0', -0, ''],
    ['2e', 2, 'e'],
  ])('%s', (text, value, unit) => {
    expect(parse(text)).toEqual({ value, unit })
  })

  test.each([
    '',
    '-',
    '.',
    'ms',
    'NaN',
    '+Inf',
    'Infinity',
    '1,024ms',
    '1.2.3',
    '0x10',
    '4 ms',
    '1e999',
    '5MB}',
    '9'.repeat(400),
    '9007199254740993',
    `1${'x'.repeat(17)}`,
  ])('refuses %j', (text) => expect(parse(text)).toBeUndefined())

  test('reads what JavaScript prints', () => {
    fc.assert(
      fc.property(fc.double({ min: -(2 ** 40), max: 2 ** 40, noNaN: true }), (number) => {
        expect(parse(String(number))!.value).toBe(Number(String(number)))
      }),
    )
  })

  test('never throws, and gives only finite numbers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const quantity = createQuantity()
        if (parseQuantity(bytes, 0, bytes.length, quantity))
          expect(quantity.value).toSatisfy(Number.isFinite)
      }),
    )
  })
})

function parse(text: string) {
  const bytes = Buffer.from(text)
  const quantity = createQuantity()
  return parseQuantity(bytes, 0, bytes.length, quantity) ? quantity : undefined
}
