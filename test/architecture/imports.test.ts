import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findViolations } from './imports.ts'
import { LAYERS } from './layers.ts'

const ROOT = join(import.meta.dirname, '../..')
const SRC = join(ROOT, 'src')

describe('the layers of src', () => {
  test('imports go down only', () => {
    expect(findViolations(SRC)).toEqual([])
  })

  test('docs/ARCHITECTURE.md shows each folder with its role, from the top floor down', () => {
    const text = readFileSync(join(ROOT, 'docs/ARCHITECTURE.md'), 'utf8')
    const rows = [...text.matchAll(/^\| `src\/(\w+)`\s*\| (.*?)\s*\|$/gm)].map(([, a, b]) => [a, b])
    expect(rows).toEqual(LAYERS.map(({ folder, role }) => [folder, role]))
  })

  test('no folder has more than 24 files of its own', () => {
    const folders = readdirSync(SRC, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name))
      .reduce(
        (counts, { parentPath }) => counts.set(parentPath, (counts.get(parentPath) ?? 0) + 1),
        new Map<string, number>(),
      )
    expect([...folders].filter(([, files]) => files > 24)).toEqual([])
  })
})

describe('the check itself', () => {
  test.each([
    [
      'export/prometheus/x.ts',
      "import { run } from '../../bin/serve.ts'",
      'export may not import bin',
    ],
    [
      'store/redis/x.ts',
      "const { a } = await import('../../server/app.ts')",
      'store may not import server',
    ],
    ['model/x.ts', "export { a } from '../parse/quantity.ts'", 'model may not import parse'],
    [
      'cli/render/x.ts',
      "import type { Config } from '../../server/config.ts'",
      'cli may not import server',
    ],
    ['demo/x.ts', "import { a } from '../frame/octets.ts'", 'demo may not import frame'],
    ['codec/x.ts', "import '../../test/support/app.ts'", 'outside of src'],
    ['new/x.ts', "import { a } from '../model/line.ts'", 'no known folder'],
  ])('sees a planted escape in %s', (file, text, violation) => {
    const root = mkdtempSync(join(tmpdir(), 'l2met-'))
    onTestFinished(() => rmSync(root, { recursive: true }))
    const src = join(root, 'src')
    mkdirSync(dirname(join(src, file)), { recursive: true })
    writeFileSync(join(src, file), `${text}\n`)
    expect(findViolations(src)).toEqual([expect.stringContaining(violation)])
  })
})
