import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runBuiltServer } from '../support/built-server.ts'

const DOC = readFileSync(join(import.meta.dirname, '../../docs/FORMATION.md'), 'utf8')

describe('l2met formation', () => {
  test('prints what docs/FORMATION.md shows', async () => {
    const shown = /```formation\n([^]*?)```/.exec(DOC)![1]
    const args = ['formation', '--ram', '120MB', '--processes', '20']
    expect(await runBuiltServer(args)).toEqual({ code: 0, stdout: shown, stderr: '' })
  })

  test('--json is one object', async () => {
    const args = ['formation', '--ram', '450MB', '--processes', '60', '--json']
    const { code, stdout } = await runBuiltServer(args)
    const { best, types } = JSON.parse(stdout) as { best: string; types: { type: string }[] }
    expect([code, best]).toEqual([0, 'Performance-L-RAM'])
    expect(types).toContainEqual(
      expect.objectContaining({
        type: 'Standard-1X',
        perDyno: 1,
        dynos: 60,
        total: 1500,
        costPerProcess: 25,
      }),
    )
  })

  test.each([
    [['formation'], 2, 'takes one app'],
    [['formation', '--ram', '12', '--processes', '1'], 2, "--ram '12' is not a size"],
    [['formation', '--ram', '1MB', '--processes', '0'], 2, '--processes'],
    [['formation', 'shop', '--url', 'ftp://x'], 2, 'is not a URL'],
    [['formation', 'shop', '--prices', '/no/such/file'], 1, '/no/such/file'],
    [['formation', 'shop', '--url', 'http://127.0.0.1:9'], 1, "can't reach http://127.0.0.1:9"],
  ])('%j exits with %i', async (args, code, reason) => {
    const result = await runBuiltServer(args)
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(reason)])
  })
})
