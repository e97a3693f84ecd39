import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LOCAL } from '../support/local-program.ts'

const DOCS = join(import.meta.dirname, '../../docs/LOCAL.md')
const FIXTURES = join(import.meta.dirname, '../fixtures')

/** Every `console` block: a command after `$ `, and what it prints. */
const examples = [...readFileSync(DOCS, 'utf8').matchAll(/^```console\n\$ (.*)\n([^]*?)\n```$/gm)]

test.each([60, 80, 132])('the report fits %d columns', (columns) => {
  const { stdout } = spawnSync(
    process.execPath,
    [LOCAL, '--slow', '1s', '--by', 'route', 'shop.log'],
    {
      cwd: FIXTURES,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', COLUMNS: String(columns) },
    },
  )
  const widest = Math.max(...stdout.split('\n').map((line) => line.length))
  expect(widest).toBeLessThanOrEqual(columns)
  expect(widest).toBeGreaterThan(columns === 132 ? 80 : 50)
})

describe('docs/LOCAL.md shows what l2met-local prints', () => {
  test.each(examples.map(([, command, output]) => [command!, output!]))('%s', (command, output) => {
    const { stdout, stderr } = spawnSync(
      'bash',
      ['--norc', '-c', `l2met-local() { "${process.execPath}" "${LOCAL}" "$@"; }\n${command}`],
      { cwd: FIXTURES, encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '' } },
    )
    expect((stdout + stderr).trimEnd()).toBe(output)
  })

  test('has an example of every option', () => {
    const help = examples.find(([, command]) => command === 'l2met-local --help')?.[2] ?? ''
    const flags = [...help.matchAll(/--[a-z][a-z-]+/g)].map(([flag]) => flag)
    const commands = examples.map(([, command]) => command).join('\n')
    for (const flag of new Set(flags)) {
      if (flag !== '--version') expect(commands).toContain(flag)
    }
    expect(flags.length).toBeGreaterThan(10)
  })
})
