import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { OWN_PREFIXES } from '../../src/report/series-own.ts'
import { MAX_POINTS } from '../../src/server/api/series-query.ts'
import { FIXED_NAMES } from '../../src/report/series.ts'

const DOC = readFileSync(new URL('../../docs/API.md', import.meta.url), 'utf8')

test('docs/API.md has every name, and no other', () => {
  const rows = [...DOC.matchAll(/^\| (`.+?`) +\|/gm)].map(([, cell]) => cell!)
  const start = rows.findIndex((cell) => cell.includes('`requests`'))
  const end = rows.findIndex((cell) => cell.includes('`addon:NAME`'))
  const names = rows.slice(start, end + 1).flatMap((cell) => cell.match(/[\w:]+/g) ?? [])
  const known = [...FIXED_NAMES, ...OWN_PREFIXES.map((prefix) => `${prefix}:NAME`)]
  expect(names.toSorted()).toEqual(known.toSorted())
  expect(DOC).toContain(`At most ${MAX_POINTS} points`)
})
