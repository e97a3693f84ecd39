import { UTC } from '../../../src/cli/render/zone.ts'
import { describe, expect, test } from 'vitest'
import {
  countText,
  durationText,
  percentText,
  rateText,
  sizeText,
  spanText,
  valueText,
} from '../../../src/cli/render/units.ts'

test.each([
  [0, '0 ms'],
  [3.2e-8, '32 ns'],
  [4.2e-4, '420 µs'],
  [0.001, '1 ms'],
  [0.0045, '4.5 ms'],
  [0.0337, '34 ms'],
  [0.2941, '294 ms'],
  [0.9996, '1.00 s'],
  [1.234, '1.23 s'],
  [30.04, '30.0 s'],
  [59.99, '1m 00s'],
  [125, '2m 05s'],
  [67_448, '18h 44m'],
  [-0.25, '-250 ms'],
])('%d seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text)
})

test.each([
  [59.4, '59s'],
  [160, '2m 40s'],
  [7200, '2h 00m'],
  [187_200, '2d 04h'],
])('a span of %d seconds is %s', (seconds, text) => {
  expect(spanText(seconds)).toBe(text)
})

test.each([
  [0, '0 B'],
  [3.5, '3.50 B'],
  [69, '69 B'],
  [78.6, '79 B'],
  [1024, '1 kB'],
  [21.22 * 2 ** 20, '21.2 MB'],
  [512 * 2 ** 20, '512 MB'],
  [2 ** 30, '1 GB'],
  [-2048, '-2 kB'],
])('%d bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
})

describe('percentText', () => {
  test.each([
    [0, '0.0%'],
    [0.00002, '<0.01%'],
    [0.0003, '0.03%'],
    [0.062, '6.2%'],
    [0.9378, '93.8%'],
    [0.9999, '99.99%'],
    [0.99999, '>99.99%'],
    [1, '100.0%'],
    [24, '2400%'],
  ])('%d is %s', (ratio, text) => {
    expect(percentText(ratio)).toBe(text)
  })
})

test('counts, rates and values', () => {
  expect(countText(6000)).toBe('6,000')
  expect(countText(1_234_567)).toBe('1,234,567')
  expect(countText(12_345, 9999)).toBe('12.3k')
  expect(rateText(0)).toBe('0/s')
  expect(rateText(0.003)).toBe('<0.01/s')
  expect(rateText(0.0557)).toBe('0.06/s')
  expect(rateText(83.24)).toBe('83.2/s')
  expect(rateText(4998)).toBe('4,998/s')
  expect(valueText(0.99997, '')).toBe('0.99997')
  expect(valueText(1_073_002, '')).toBe('1,073,002')
  expect(valueText(0.5, 'ratio')).toBe('50.0%')
  expect(valueText(3, 'jobs')).toBe('3 jobs')
  expect(UTC.text('2026-11-21T10:00:01.500Z')).toBe('2026-11-21 10:00:01')
})
