import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { COUNTEREXAMPLES } from './counterexamples.ts'

test('an input that is kept runs first', () => {
  const seen: number[] = []
  fc.assert(fc.property(fc.nat(), (value) => void seen.push(value)))
  expect(seen[0]).toBe(-41)
  expect(seen.length).toBeGreaterThan(50)
})

test('a property that fails prints the entry that keeps its input', () => {
  expect(() => fc.assert(fc.property(fc.constant('x'), (text) => text !== 'x'))).toThrow(
    '["test/counterexamples.test.ts > a property that fails prints the entry that keeps its input", [["x"]]]',
  )
})

test('each input that is kept has its test', () => {
  const lost = [...COUNTEREXAMPLES.keys()].filter((name) => {
    const [file, ...titles] = name.split(' > ')
    const text = readFileSync(join(import.meta.dirname, '..', file!), 'utf8')
    return !titles.every((title) => text.includes(`'${title}'`))
  })
  expect(lost).toEqual([])
})
