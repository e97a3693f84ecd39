import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DIST } from '../support/built-server.ts'
import { routerLine, temporaryFolder } from '../support/local-program.ts'

const ROOT = join(DIST, '..')
const SAID = "counting takes three times as long, because the scanner can't be loaded: ENOENT"

describe('a copy of the program that lacks its scanner', () => {
  const folder = temporaryFolder()
  const program = (name: string) => join(folder.path, 'dist/bin', name)
  const log = join(folder.path, 'long.log')

  beforeAll(() => {
    cpSync(DIST, join(folder.path, 'dist'), { recursive: true })
    rmSync(join(folder.path, 'dist/scan/scan.wasm'))
    cpSync(join(ROOT, 'package.json'), join(folder.path, 'package.json'))
    symlinkSync(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'))
    // Long enough for threads, of which none has a word of its own to say.
    const line = `${routerLine({ time: '2026-11-21T10:00:00.000000+00:00' })}\n`
    writeFileSync(log, line.repeat(Math.ceil((49 * 2 ** 20) / line.length)))
  })
  afterAll(() => folder.remove())

  test('l2met-local says so once, and counts all the same', async () => {
    const run = promisify(execFile)
    const { stdout, stderr } = await run(process.execPath, [program('local.js'), '--json', log])
    expect(stderr.split(SAID)).toHaveLength(2)
    const report = JSON.parse(stdout) as { lines: { router: number; read: number } }
    expect(report.lines.router).toBe(report.lines.read)
  })

  test('what looks at each request has no use for it, and says nothing', async () => {
    const run = promisify(execFile)
    const { stderr } = await run(process.execPath, [program('local.js'), '--slow', '1s', log])
    expect(stderr).toBe('')
  })

  test('the server says so in its log', async () => {
    const server = spawn(process.execPath, [program('serve.js')], {
      env: { PATH: process.env['PATH'] ?? '', PORT: '0' },
    })
    let said = ''
    for await (const chunk of server.stdout) {
      said += String(chunk)
      if (said.includes('listens on')) break
    }
    server.kill()
    await once(server, 'close')
    expect(said.split(SAID)).toHaveLength(2)
  })
})
