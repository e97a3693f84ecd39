import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/server/config.ts'
import { testApp } from '../support/app.ts'
import { runBuiltServer } from '../support/built-server.ts'

interface EnvEntry {
  readonly description: string
  readonly generator?: string
  readonly value?: string
  readonly required?: boolean
}

interface AppJson {
  readonly name: string
  readonly description: string
  readonly logo: string
  readonly success_url: string
  readonly addons: readonly string[]
  readonly stack: string
  readonly buildpacks: readonly { readonly url: string }[]
  readonly formation: Record<string, { readonly quantity: number; readonly size: string }>
  readonly env: Record<string, EnvEntry>
}

const ROOT = join(import.meta.dirname, '../..')

function readRoot(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}

const appJson = JSON.parse(readRoot('app.json')) as AppJson

// https://devcenter.heroku.com/articles/app-json-schema; lengths are those of the npm package app.json.
test('app.json has what the schema of Heroku allows, and nothing else', () => {
  const keys = ['name', 'description', 'keywords', 'website', 'repository', 'logo', 'success_url']
  const more = ['stack', 'buildpacks', 'formation', 'addons', 'env']
  expect(Object.keys(appJson)).toEqual([...keys, ...more])
  expect(appJson.name).toMatch(/^.{3,30}$/)
  expect(appJson.description.length).toBeLessThanOrEqual(140)
  for (const [name, entry] of Object.entries(appJson.env)) {
    expect(name).toMatch(/^[A-Z_]+$/)
    const allowed = new Set(['description', 'value', 'required', 'generator'])
    expect(Object.keys(entry).filter((key) => !allowed.has(key))).toEqual([])
    if (entry.value !== undefined) expect(typeof entry.value).toBe('string')
  }
})

test('the button asks for nothing, makes the secrets and brings the smallest Redis', () => {
  const { env } = appJson
  const made = Object.entries(env).filter(([, { generator }]) => generator === 'secret')
  expect(made.map(([name]) => name)).toEqual(['DRAIN_SECRETS', 'METRICS_TOKEN'])
  for (const [name, { description, generator, value, required }] of Object.entries(env)) {
    expect(description, name).not.toBe('')
    if (generator === undefined && value === undefined) expect(required, name).toBe(false)
  }
  expect(appJson.addons).toEqual(['heroku-redis:mini'])
})

test('everything that the button sets is a valid configuration', () => {
  // Heroku generates 64 hexadecimal digits.
  const set = Object.entries(appJson.env).map(([name, { generator, value }]) => {
    return [name, generator === 'secret' ? '0123456789abcdef'.repeat(4) : (value ?? '')]
  })
  const dyno = { NODE_ENV: 'production', DYNO: 'web.1', PORT: '38271' }
  const redis = { REDIS_URL: 'rediss://:p4ss@ec2-192-0-2-1.compute-1.amazonaws.com:6380' }
  const config = readConfig({ ...Object.fromEntries(set), ...dyno, ...redis })
  expect(config).toMatchObject({ isPublic: true, port: 38_271, processes: 1, warnings: [] })
  expect(config.trustSelfSigned).toBe(true)
})

test('the button ends at a page that there is, with a logo that there is', async () => {
  const app = testApp()
  expect((await app.server.inject(appJson.success_url)).statusCode).toBe(200)
  await app.stop()
  const [, path] = /\/main\/(.+)$/.exec(appJson.logo)!
  const png = readFileSync(join(ROOT, path!))
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  expect(png.toString('latin1', 1, 4)).toBe('PNG')
  expect(width).toBe(height)
})

test('one process type, which never sleeps, on a stack that Heroku has', () => {
  expect(appJson.formation).toEqual({ web: { quantity: 1, size: 'basic' } })
  expect(appJson.buildpacks).toEqual([{ url: 'heroku/nodejs' }])
  expect(appJson.stack).toBe('heroku-24')
})

// The Node buildpack exports MEMORY_AVAILABLE, MB, on each dyno.
test.each([
  [{ MEMORY_AVAILABLE: '512', WEB_CONCURRENCY: '1' }, 256],
  [{ MEMORY_AVAILABLE: '2560', WEB_CONCURRENCY: '4' }, 320],
  [{}, 256],
])('with %j the heap of a process takes its share of half the dyno', (env, megabytes) => {
  const [, command] = /^web: (.*)\n$/.exec(readRoot('Procfile'))!
  const { scripts } = JSON.parse(readRoot('package.json')) as { scripts: { start: string } }
  const heap = /--max-old-space-size=\S+\(.*\)\) /
  expect(command!.replace(heap, '')).toBe(scripts.start)
  const script = 'console.log(require("node:v8").getHeapStatistics().heap_size_limit / 2 ** 20)'
  const asked = command!.replace('dist/bin/serve.js', `--eval '${script}'`)
  const limit = execFileSync('sh', ['-c', asked], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  })
  // The limit has the young generation in it.
  expect(Number(limit)).toBeGreaterThanOrEqual(megabytes)
  expect(Number(limit)).toBeLessThan(megabytes + 16)
})

test('l2met makes no URL that would drain its own logs into itself', async () => {
  const env = { DRAIN_SECRETS: '0123456789abcdef', HEROKU_APP_NAME: 'my-l2met' }
  const own = [['my-l2met'], ['other', '--host', 'other-0123456789ab.herokuapp.com']]
  for (const args of own) {
    const { code, stdout, stderr } = await runBuiltServer(['drain-url', ...args], env)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`${args[0]} runs this l2met`)
  }
  const { code } = await runBuiltServer(
    ['drain-url', 'shop', '--host', 'my-l2met.herokuapp.com'],
    env,
  )
  expect(code).toBe(0)
})
