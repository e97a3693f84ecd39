import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { DIST, startBuiltServer } from '../support/built-server.ts'
import { body } from '../support/count.ts'
import { findProgram } from '../support/programs.ts'

const ROOT = join(import.meta.dirname, '../..')
const README = readFileSync(join(ROOT, 'README.md'), 'utf8')
const LINES = blocks('log')[0]!
const folder = mkdtempSync(join(tmpdir(), 'l2met-readme-'))

afterAll(() => rmSync(folder, { recursive: true }))

describe('the three lines of the README', () => {
  test('give the report that it shows', () => {
    writeFileSync(join(folder, 'three.log'), LINES)
    const { stdout, stderr, status } = runBuilt('local.js', ['three.log'])
    expect(stdout).toBe(blocks('report')[0])
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
  })

  test('become the metrics that it shows', async () => {
    const server = await startBuiltServer()
    try {
      const posted = await fetch(`${server.origin}/logs?app=shop`, {
        method: 'POST',
        headers: { 'content-type': 'application/logplex-1', 'logplex-msg-count': '3' },
        body: body(...LINES.trimEnd().split('\n').map(drainMessage)),
      })
      expect(posted.status).toBe(204)
      const page = await (await fetch(`${server.origin}/metrics`)).text()
      const shown = blocks('metrics')[0]!.trimEnd().split('\n')
      expect(shown.filter((line) => !page.split('\n').includes(line))).toEqual([])
    } finally {
      await server.stop()
    }
  })
})

describe('the README', () => {
  test('gives a p95 of a packed file', () => {
    writeFileSync(join(folder, 'yesterday.log.gz'), gzipSync(LINES))
    const { stdout } = runBuilt('local.js', ['--json', 'yesterday.log.gz'])
    expect((JSON.parse(stdout) as { service: { p95: number } }).service.p95).toBe(0.048)
  })

  test('shows what a drain URL looks like', () => {
    const args = ['drain-url', 'my-app', '--host', 'l2met.example.com']
    expect(README).toContain(`l2met ${args.join(' ')}`)
    const { stdout } = runBuilt('serve.js', args, { DRAIN_SECRETS: 'a secret of some length' })
    expect(stdout).toMatch(/^https:\/\/my-app:[\w-]{43}@l2met\.example\.com\/logs\n?$/)
  })

  test('lists the variables that there are', () => {
    const read = readdirSync(join(ROOT, 'src/server'))
      .filter((name) => /^config.*\.ts$/.test(name) && name !== 'config-old-drains.ts')
      .map((name) => readFileSync(join(ROOT, 'src/server', name), 'utf8'))
      .flatMap((text) => [...text.matchAll(/'([A-Z][A-Z_]{3,})'/g)].map(([, name]) => name!))
    // The first three come from the platform.
    const given = new Set(['NODE_ENV', 'DYNO', 'HEROKU_APP_NAME'])
    const rows = README.slice(README.indexOf('## Configuration'), README.indexOf('## Promises'))
    const listed = [...rows.matchAll(/^\| (`.*?) +\|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([A-Z_]+)`/g)].map(([, name]) => name!),
    )
    expect(listed.toSorted()).toEqual(
      [...new Set(read)].filter((name) => !given.has(name)).toSorted(),
    )
  })

  test('names commands that there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const named = [...README.matchAll(/npm (?:run )?(start|test|[a-z:]+)\b/g)]
      .map(([, name]) => name!)
      .filter((name) => !['ci', 'link'].includes(name))
    expect(new Set(named)).toEqual(new Set(['start', 'test', 'demo', 'bench:local']))
    for (const name of named) expect(scripts).toHaveProperty(name)
  })

  test('has two pictures, which are small', () => {
    const pictures = [...README.matchAll(/!\[.*?\]\((docs\/images\/[\w.-]+)\)/g)].map(
      ([, path]) => path!,
    )
    expect(pictures).toEqual(['docs/images/page.png', 'docs/images/board.png'])
    for (const path of pictures) {
      const png = readFileSync(join(ROOT, path))
      expect(png.toString('latin1', 1, 4)).toBe('PNG')
      expect(png.length).toBeLessThan(200_000)
    }
  })

  const promtool = findProgram('promtool')
  test.skipIf(promtool.path === undefined)(
    'has a scrape configuration that Prometheus takes',
    () => {
      const file = join(folder, 'prometheus.yml')
      writeFileSync(file, blocks('yaml')[0]!)
      const { status, stderr } = spawnSync(promtool.path!, ['check', 'config', file], {
        encoding: 'utf8',
      })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    },
  )
})

/** The fenced blocks of a kind. */
function blocks(kind: string): string[] {
  return [...README.matchAll(new RegExp(`^\`\`\`${kind}\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, text]) => text!,
  )
}

/** `TIME app[proc]: message` as a drain gets it, and as if it had been written now. */
function drainMessage(line: string): string {
  const [, app, proc, message] = /^\S+ (\w+)\[([\w.]+)\]: (.*)$/.exec(line)!
  return `<190>1 ${new Date().toISOString()} host ${app} ${proc} - ${message}\n`
}

function runBuilt(program: string, args: readonly string[], env: Record<string, string> = {}) {
  return spawnSync(process.execPath, [join(DIST, 'bin', program), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', ...env },
  })
}
