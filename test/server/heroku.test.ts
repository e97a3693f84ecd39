import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/server/config.ts'
import { testApp } from '../support/app.ts'

interface AppJson {
  readonly success_url: string
  readonly stack: string
  readonly buildpacks: readonly { readonly url: string }[]
  readonly formation: Record<string, { readonly quantity: number; readonly size: string }>
  readonly env: Record<
    string,
    {
      readonly description: string
      readonly generator?: string
      readonly value?: string
      readonly required?: boolean
    }
  >
}

function readRoot(name: string): string {
  return readFileSync(join(import.meta.dirname, '../..', name), 'utf8')
}

const appJson = JSON.parse(readRoot('app.json')) as AppJson

test('the Heroku button asks for nothing and makes the secrets', () => {
  const { env } = appJson
  const made = Object.entries(env).filter(([, { generator }]) => generator === 'secret')
  expect(made.map(([name]) => name)).toEqual(['DRAIN_SECRETS', 'METRICS_TOKEN'])
  for (const [name, { description, generator, required }] of Object.entries(env)) {
    expect(description, name).not.toBe('')
    if (generator === undefined) expect(required, name).toBe(false)
  }
})

test('what the button sets is a good configuration', () => {
  // Heroku makes 64 hexadecimal digits.
  const set = Object.entries(appJson.env).map(([name, { generator, value }]) => {
    return [name, generator === 'secret' ? '0123456789abcdef'.repeat(4) : (value ?? '')]
  })
  const dyno = { NODE_ENV: 'production', DYNO: 'web.1', PORT: '38271', WEB_CONCURRENCY: '1' }
  const config = readConfig({ ...Object.fromEntries(set), ...dyno })
  expect(config).toMatchObject({ isPublic: true, port: 38_271, warnings: [] })
})

test('the button ends at a page that there is', async () => {
  const app = testApp()
  expect((await app.server.inject(appJson.success_url)).statusCode).toBe(200)
  await app.stop()
})

test('one process type, which never sleeps and runs what npm start runs', () => {
  expect(appJson.formation).toEqual({ web: { quantity: 1, size: 'basic' } })
  expect(appJson.buildpacks).toEqual([{ url: 'heroku/nodejs' }])
  expect(appJson.stack).toBe('heroku-24')
  const { scripts } = JSON.parse(readRoot('package.json')) as { scripts: { start: string } }
  expect(readRoot('Procfile')).toBe(`web: ${scripts.start}\n`)
})
