import { expect, test } from 'vitest'
import { sharedScanner } from '../../src/aggregate/scanner/scanner.ts'
import { START, ofText } from '../support/both-ways.ts'
import { countText } from '../support/count.ts'

const tags = (n: number) => Array.from({ length: n }, (_, i) => `tag#k${i}=v`).join(' ')
const line = (n: number) => `${new Date(START).toISOString()} app[web.1]: count#a=1 ${tags(n)}`

test('labels beyond eight are counted as refused, and the value counts without them', () => {
  const keys = [...countText(line(11)).cells].map(([key, cell]) => [
    key.split('\0').slice(0, 2).join(' '),
    cell.kind === 'count' ? cell.high : cell.kind,
  ])
  expect(keys).toContainEqual(['c app/a', 1])
  expect(keys).toContainEqual(['c l2met/refused', 3])
  expect([...countText(line(8)).cells.keys()].join()).not.toContain('refused')
})

test('each time, whether the line is known or new', () => {
  const some = [8, 9, 9, 9, 12, 12, 8, 9].map(line)
  expect(ofText(some, sharedScanner())).toEqual(ofText(some, undefined))
})
