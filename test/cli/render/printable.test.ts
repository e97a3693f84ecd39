import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bar, sparkline } from '../../../src/cli/render/bars.ts'
import { cut, cutMiddle, printable, widthOf, wrapList } from '../../../src/cli/render/printable.ts'
import { createStyle, wantsColour } from '../../../src/cli/render/style.ts'
import { table } from '../../../src/cli/render/table.ts'

describe('printable', () => {
  test('leaves nothing that a terminal obeys', () => {
    const bad =
      '\u001b[2J\u009b31m\u0007\u202eevil\u2066\u200b\u061c\ufeff\u2028\r\n\t\u007f\ud800x'
    // eslint-disable-next-line no-control-regex
    expect(printable(bad)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\p{Cf}\u2028\u2029\ud800]/u)
    expect(printable('/users/:id/é/日本')).toBe('/users/:id/é/日本')
  })

  test('of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u)
      }),
    )
  })
})

test('width and cutting go by columns', () => {
  expect(widthOf('/users')).toBe(6)
  expect(widthOf('日本')).toBe(4)
  expect(widthOf('e\u0301')).toBe(1)
  expect(widthOf('😀')).toBe(2)
  expect(widthOf('███▌ …')).toBe(6)
  expect(cut('/users/:id', 20)).toBe('/users/:id')
  expect(cut('/users/:id', 6)).toBe('/user…')
  expect(cut('日本日本', 5)).toBe('日本…')
  expect(cutMiddle('/users/:id', 10)).toBe('/users/:id')
  expect(cutMiddle('/users/:id/posts', 10)).toBe('/user…osts')
  expect(cutMiddle('日本/日本', 6)).toBe('日…本')
  expect([0, 1, 2, 3].map((width) => cutMiddle('/users', width))).toEqual(['', '…', '/…', '/…s'])
  expect(wrapList(['one 1', 'two 2', 'three 3'], 14)).toEqual(['one 1 · two 2', 'three 3'])
})

test('bars and sparklines', () => {
  expect(bar(0, 10)).toBe('')
  expect(bar(0.0001, 10)).toBe('▏')
  expect(bar(0.55, 10)).toBe('█████▌')
  expect(bar(7, 10)).toBe('██████████')
  expect(sparkline([undefined, 0, 1, 4, 8, 9], 8)).toBe(' ▁▂▄▇▇')
  expect(sparkline([0, 0], 0)).toBe('▁▁')
})

test('a table is aligned, and gives up width before it breaks', () => {
  const style = createStyle(false)
  const rows = [
    { name: '/a/very/long/route/that/needs/room', n: 12, extra: 'x' },
    { name: '/b', n: 3456, extra: '' },
  ]
  const columns = [
    { title: 'n', align: 'right', cell: (row: (typeof rows)[0]) => String(row.n) },
    { title: 'extra', align: 'left', cell: (row: (typeof rows)[0]) => row.extra, optional: true },
    { title: 'empty', align: 'left', cell: () => '' },
    { title: 'name', align: 'left', cell: (row: (typeof rows)[0]) => row.name, flexible: true },
  ] as const
  expect(table(columns, rows, 80, style)).toEqual([
    '   n  extra  name',
    '  12  x      /a/very/long/route/that/needs/room',
    '3456         /b',
  ])
  expect(table(columns, rows, 30, style)).toEqual([
    '   n  extra  name',
    '  12  x      /a/very/long/rou…',
    '3456         /b',
  ])
  expect(table(columns, rows, 20, style)).toEqual([
    '   n  name',
    '  12  /a/very/long/…',
    '3456  /b',
  ])
})

test.each([
  [{ isTty: true, env: {} }, true],
  [{ isTty: false, env: {} }, false],
  [{ isTty: true, env: { NO_COLOR: '1' } }, false],
  [{ isTty: true, env: { NO_COLOR: '' } }, true],
  [{ isTty: true, env: { TERM: 'dumb' } }, false],
  [{ isTty: false, env: { FORCE_COLOR: '1' } }, true],
  [{ isTty: true, env: { FORCE_COLOR: '0' } }, false],
  [{ isTty: false, env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, false],
  [{ isTty: false, env: { FORCE_COLOR: '1' }, noColour: true }, false],
])('colour for %j: %s', (wish, expected) => {
  expect(wantsColour({ noColour: false, ...wish })).toBe(expected)
})
