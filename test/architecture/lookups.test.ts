import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findUnsafeLookups } from './lookups.ts'

test('no text is looked up in an object', () => {
  expect(findUnsafeLookups(join(import.meta.dirname, '../../src'))).toEqual([])
})

test.each([
  [
    'by a word of a line',
    'const T: Record<string, string> = {}\nexport const f = (unit: string) => T[unit]',
  ],
  [
    'by a cast',
    "const T = { s: 'seconds' }\nexport const f = (unit: string) => T[unit as keyof typeof T]",
  ],
  ['with in', "const T = { s: 'seconds' }\nexport const f = (unit: string) => unit in T"],
  ['to write', 'export const f = (o: Record<string, number>, name: string) => { o[name] = 1 }'],
  ['of a literal', 'export const f = (key: string) => ({ a: 1 } as Record<string, number>)[key]'],
  [
    'by a word put together',
    'export const f = (o: Record<string, number>, a: string) => o[`x_${a}`]',
  ],
  ['by what has no type', 'export const f = (o: Record<string, number>, a: any) => o[a]'],
  ['in what has no type', 'export const f = (o: any, a: string) => o?.[a]'],
])('sees a planted lookup %s', (_, text) => {
  expect(planted('a.ts', text)).toEqual([expect.stringContaining('a.ts:')])
})

test('sees one in a module of the page', () => {
  expect(planted('page/a.js', 'export const f = (series, name) => series[name]')).toEqual([
    expect.stringContaining('page/a.js:1'),
  ])
})

test('lets lists and tables with known keys be', () => {
  const text = `const T = { count: 'c', measure: 'm' } as const
export const f = (kind: keyof typeof T) => T[kind]
export const g = <K extends 'count' | 'measure'>(kind: K) => T[kind]
export const h = (list: readonly string[], i: number) => list[i] ?? T['count']
export const k = (bytes: Uint8Array, i: any) => bytes[i]`
  expect(planted('a.ts', text)).toEqual([])
})

function planted(file: string, text: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'l2met-planted-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), `${text}\n`)
  return findUnsafeLookups(folder)
}
