import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const rows = [
  ...readFileSync(join(ROOT, 'docs/GLOSSARY.md'), 'utf8').matchAll(
    /^\| (.*?) +\| (.*?) +\| (.*?) *\|$/gm,
  ),
].slice(1)

/** Words of all identifiers of src in one case: `createBodyRoom` has `body`, `room` and `bodyroom`. */
function identifiersOfSrc(): Set<string> {
  const src = join(ROOT, 'src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  const seen = new Set<string>()
  for (const file of files.filter((name) => /\.[jt]s$/.test(name))) {
    const code = codeOf(readFileSync(join(src, file), 'utf8'))
    for (const name of `${code} ${file.replaceAll(/[-/.]/g, '_')}`.match(/[A-Za-z_$][\w$]*/g) ?? [])
      addNames(seen, name)
  }
  return seen
}

/** Without comments and texts. */
function codeOf(source: string): string {
  return source
    .replaceAll(/\/\*[\s\S]*?\*\//g, ' ')
    .replaceAll(/\/\/.*/g, ' ')
    .replaceAll(/`[^`]*`/g, ' ')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'/g, ' ')
}

function addNames(seen: Set<string>, name: string): void {
  if (name === 'highWaterMark') return // of Node's streams
  const words = name.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g)?.map((word) => word.toLowerCase()) ?? []
  for (let from = 0; from < words.length; from += 1)
    for (let to = from + 1; to <= words.length; to += 1) seen.add(words.slice(from, to).join(''))
}

test('each term has a meaning of one line, in alphabetical order', () => {
  const terms = rows.map(([, term]) => term!)
  expect(terms.length).toBeGreaterThan(30)
  expect(terms).toEqual(terms.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)))
  expect(new Set(terms).size).toBe(terms.length)
  for (const [, term, meaning] of rows) expect(meaning!.length, term).toBeGreaterThan(20)
})

test('no identifier of src has a name that a term replaced', () => {
  const replaced = rows.flatMap(([, , , names]) =>
    [...names!.matchAll(/`(\w+)`/g)].map(([, n]) => n!),
  )
  expect(replaced.length).toBeGreaterThan(10)
  const seen = identifiersOfSrc()
  expect(seen.has('accumulator')).toBe(true)
  expect(replaced.filter((name) => seen.has(name.toLowerCase()))).toEqual([])
})
