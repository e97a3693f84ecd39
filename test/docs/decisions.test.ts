import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const FOLDER = join(import.meta.dirname, '../../docs/decisions')
const pages = readdirSync(FOLDER).filter((name) => /^\d{4}-/.test(name))
const rows = [
  ...readFileSync(join(FOLDER, 'README.md'), 'utf8').matchAll(
    /^\| \[(\d+)\]\(([\w.-]+)\) +\| (.*?) +\| (\S+) +\| (.*?) +\|$/gm,
  ),
].map(([, number, file, title, date, state]) => ({ number, file, title, date, state: state! }))

test('the index of decisions lists each page by its number and title', () => {
  const listed = rows.map(({ number, file, title }) => ({ file, heading: `# ${number}. ${title}` }))
  const there = pages.toSorted().map((file) => {
    return { file, heading: readFileSync(join(FOLDER, file), 'utf8').split('\n', 1)[0]! }
  })
  expect(listed).toEqual(there)
})

test('each has a date and a state, and the page that replaces another is there', () => {
  for (const { title, date, state } of rows) {
    expect(date, title).toMatch(/^20\d\d-\d\d-\d\d$/)
    expect(state, title).toMatch(/^(holds|replaced by \[)/)
    for (const [, file] of state.matchAll(/\]\(([\w.-]+)\)/g)) expect(pages).toContain(file)
  }
})
