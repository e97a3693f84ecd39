import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { body } from '../support/count.ts'

const ROOT = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'l2met-package-'))
const LINE =
  'heroku router - at=info method=GET path="/" dyno=web.1 connect=1ms service=48ms status=200 bytes=5'

afterAll(() => rmSync(folder, { recursive: true }))

function run(program: string, args: readonly string[], options: object = {}) {
  return spawnSync(program, args, { cwd: folder, encoding: 'utf8', ...options })
}

describe('the package', () => {
  let files: string[] = []
  let installed: ReturnType<typeof run>

  beforeAll(() => {
    // The global setup has built what `prepack` would build.
    const packed = run(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
      { cwd: ROOT },
    )
    const [tarball] = JSON.parse(packed.stdout) as [{ filename: string; files: { path: string }[] }]
    files = tarball.files.map(({ path }) => path)
    writeFileSync(join(folder, 'package.json'), '{"private":true}')
    const options = ['--omit=dev', '--prefer-offline', '--no-audit', '--no-fund']
    installed = run('npm', ['install', ...options, `./${tarball.filename}`])
  })

  test('holds both programs, the page and the dashboards, and no sources or source maps', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'dist/bin/serve.js',
        'dist/bin/local.js',
        'dist/bin/local-worker.js',
        'dist/page/index.html',
        'dist/scan/scan.wasm',
        'dashboards/heroku-overview.json',
        'dashboards/rules/heroku.alerts.yml',
        'examples/systemd/l2met.service',
        'README.md',
        'LICENSE',
      ]),
    )
    expect(files.filter((path) => /\.map$|\.ts$|^(src|test|bench)\//.test(path))).toEqual([])
  })

  test('installs into an empty folder without a warning', () => {
    const { status, stdout, stderr } = installed
    expect({ status, said: `${stdout}${stderr}`.match(/warn.*/gi) }).toEqual({
      status: 0,
      said: null,
    })
  })

  test('brings an l2met-local that reads a log', () => {
    const input = `2026-11-20T10:00:00.104512+00:00 ${LINE.replace(' router -', '[router]:')}\n`
    const { status, stdout, stderr } = run('node_modules/.bin/l2met-local', ['--json'], { input })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ requests: { count: 1 }, service: { p95: 0.048 } })
  })

  test('brings an l2met that serves', async () => {
    const server = spawn(join(folder, 'node_modules/.bin/l2met'), {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exited = once(server, 'exit')
    try {
      let said = ''
      const origin = await new Promise<string>((resolve) => {
        server.stdout.on('data', (chunk: Buffer) => {
          said += chunk.toString()
          const match = /listens on (http:\/\/[^\s"]+)/.exec(said)
          if (match !== null) resolve(match[1]!)
        })
      })
      const posted = await fetch(`${origin}/logs?app=shop`, {
        method: 'POST',
        headers: { 'content-type': 'application/logplex-1' },
        body: body(`<158>1 ${new Date().toISOString()} host ${LINE}\n`),
      })
      expect(posted.status).toBe(204)
      const metrics = await (await fetch(`${origin}/metrics`)).text()
      expect(metrics).toMatch(/^heroku_router_requests_total\{.*\} 1$/m)
      expect(await (await fetch(`${origin}/`)).text()).toContain('<!doctype html>')
    } finally {
      server.kill('SIGTERM')
    }
    expect(await exited).toEqual([0, null])
  })
})

describe('npm start', () => {
  const home = join(folder, 'production')
  const prestart = () =>
    run(process.execPath, [join(home, 'scripts/prestart.mjs')], { cwd: tmpdir() })

  test('without the compilers and without a build says how to build', () => {
    cpSync(join(ROOT, 'scripts/prestart.mjs'), join(home, 'scripts/prestart.mjs'))
    mkdirSync(join(home, 'src'))
    const { status, stderr } = prestart()
    expect(status).toBe(1)
    expect(stderr).toContain('npm ci --include=dev && npm run build')
  })

  test('needs no compilers where there is a build', () => {
    mkdirSync(join(home, 'dist/bin'), { recursive: true })
    writeFileSync(join(home, 'dist/bin/serve.js'), '')
    const { status, stderr } = prestart()
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})

test('one repository stands in the package, and everything links to it', () => {
  const { repository, engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    repository: { url: string }
    engines: { node: string }
  }
  const home = /github\.com\/(.+)\.git$/.exec(repository.url)![1]!
  const name = home.split('/')[1]!
  for (const file of ['package.json', 'app.json', 'README.md', 'docs/DEPLOY.md']) {
    const text = readFileSync(join(ROOT, file), 'utf8')
    const linked = [...text.matchAll(/github(?:usercontent)?\.com\/([\w.-]+\/[\w-]+)/g)]
      .map(([, path]) => path!)
      .filter((path) => path.endsWith(`/${name}`))
    expect(
      linked.filter((path) => path !== home),
      file,
    ).toEqual([])
  }
  // Heroku's resolver warns of a range without an upper end.
  expect(engines.node).toBe('^20.19.0 || ^22.12.0 || ^24.0.0')
})
