import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readDrainSecrets } from '../../src/server/config-secrets.ts'
import { ConfigError, type Environment, readConfig } from '../../src/server/config.ts'

const SECRETS = { DRAIN_SECRETS: 'a'.repeat(32), METRICS_TOKEN: 'm'.repeat(32) }

const folder = mkdtempSync(join(tmpdir(), 'l2met-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function faultsOf(env: Environment): readonly string[] {
  try {
    readConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}

function tlsFaults(cert: string, key: string): (string | undefined)[] {
  return faultsOf({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key }).map((fault) => fault.split(':')[0])
}

function makeCertificate(name: string): { cert: string; key: string } {
  const cert = join(folder, `${name}.crt`)
  const key = join(folder, `${name}.key`)
  const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=${name}`
  execFileSync('openssl', [...args.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' })
  return { cert, key }
}

describe('readConfig', () => {
  test('needs nothing: loopback, in memory, one process', () => {
    expect(readConfig({})).toEqual({
      port: 8080,
      isPublic: false,
      redisUrls: [],
      dataDir: undefined,
      dataMaxBytes: 2 ** 29,
      trustSelfSigned: false,
      drainSecrets: [],
      readTokens: [],
      oldDrains: { fernetKeys: [], shared: [], apps: [] },
      drainTags: new Map(),
      herokuApp: undefined,
      hidden: [],
      alerting: { alerts: [], webhook: undefined, allowsPrivate: false, mutesReleases: false },
      tls: undefined,
      maxSeries: 10_000,
      maxRoutes: 200,
      patterns: new Map(),
      retentionMs: 86_400_000,
      holdMs: 250,
      spillBytes: 67_108_864,
      logLevel: 'info',
      processes: 1,
      warnings: [],
    })
  })

  test('takes every variable', () => {
    const { cert, key } = makeCertificate('good')
    const config = readConfig({
      ...SECRETS,
      PORT: '0',
      DRAIN_SECRETS: ` ${'n'.repeat(32)} , ${'o'.repeat(32)},`,
      REDIS_URL: 'rediss://:secret@a:6380, redis://b:6379/0',
      TLS_CERT_FILE: cert,
      TLS_KEY_FILE: key,
      MAX_SERIES_PER_APP: '5',
      MAX_ROUTES_PER_APP: '6',
      ROUTES: '/users/:id,/static/*',
      STREAMS_MY_SHOP: '/cable',
      RETENTION_HOURS: '2',
      HOLD_MS: '0',
      SPILL_BYTES: '0',
      LOG_LEVEL: 'debug',
      WEB_CONCURRENCY: '3',
      NODE_ENV: 'production',
      DYNO: 'web.1',
    })
    expect(config).toMatchObject({
      port: 0,
      isPublic: true,
      redisUrls: ['rediss://:secret@a:6380', 'redis://b:6379/0'],
      drainSecrets: ['n'.repeat(32), 'o'.repeat(32)],
      tls: { certFile: cert, keyFile: key },
      maxSeries: 5,
      maxRoutes: 6,
      patterns: new Map([
        ['ROUTES', ['/users/:id', '/static/*']],
        ['STREAMS_MY_SHOP', ['/cable']],
      ]),
      retentionMs: 7_200_000,
      holdMs: 0,
      spillBytes: 0,
      logLevel: 'debug',
      processes: 3,
      warnings: [],
    })
  })

  test('takes blank for not set', () => {
    const blank = { PORT: '', DRAIN_SECRETS: ' ', METRICS_TOKEN: '', REDIS_URL: ',', DATA_DIR: ' ' }
    expect(readConfig(blank)).toEqual(readConfig({}))
  })

  test('tells all faults in one message, each with the name of what to set', () => {
    const env = {
      PORT: '80a',
      DYNO: 'web.1',
      REDIS_URL: 'http://user:hunter2@x',
      DATA_MAX_BYTES: '1MB',
      TLS_CERT_FILE: join(folder, 'missing'),
      MAX_SERIES_PER_APP: '0',
      MAX_ROUTES_PER_APP: '-1',
      ROUTES: 'users',
      RETENTION_HOURS: '1.5',
      HOLD_MS: '9999',
      SPILL_BYTES: '64MB',
      LOG_LEVEL: 'loud',
      OTLP_ENDPOINT: 'collector:hunter2@h:4318',
      WEB_CONCURRENCY: 'many',
    }
    const names = [...Object.keys(env), 'DRAIN_SECRETS', 'METRICS_TOKEN', 'TLS_KEY_FILE']
    const wrong = names.filter((name) => name !== 'DYNO')
    const faults = faultsOf(env)
    for (const name of wrong) {
      expect(
        faults.filter((fault) => fault.startsWith(`${name}:`)),
        name,
      ).toHaveLength(1)
    }
    expect(() => readConfig(env)).toThrow(faults.join('\n  '))
    expect(faults.join('\n')).not.toContain('hunter2')
  })

  // The connection would be made first, and end the program without a word of which variable it was.
  test.each(['REDIS_URL', 'OTLP_ENDPOINT'])('wants a password in %s encoded', (name) => {
    const urlWith = (password: string) =>
      `${name === 'REDIS_URL' ? 'rediss' : 'https'}://user:${password}@host:1`
    expect(faultsOf({ [name]: urlWith('50%25%C3%A9') })).toEqual([])
    for (const password of ['50%', '50%zz', '%ff'])
      expect(faultsOf({ [name]: urlWith(password) })).toEqual([
        `${name}: a % in user or password has to be written as %25`,
      ])
  })

  test('keeps everything in a folder, and warns where that is gone soon', () => {
    expect(readConfig({ DATA_DIR: '/data' })).toMatchObject({
      dataDir: '/data',
      dataMaxBytes: 2 ** 29,
      warnings: [],
    })
    expect(readConfig({ DATA_DIR: 'data' }).dataDir).toBe(resolve('data'))
    const secrets = { DRAIN_SECRETS: 'x'.repeat(32), METRICS_TOKEN: 'y'.repeat(32) }
    const dyno = readConfig({ DATA_DIR: '/data', DYNO: 'web.1', ...secrets })
    expect(dyno.warnings).toEqual([expect.stringContaining('the disk of a dyno')])
  })

  test.each([
    ['NODE_ENV', 'production'],
    ['DYNO', 'web.1'],
  ])('refuses to be open with %s', (name, value) => {
    const faults = faultsOf({ [name]: value })
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(['DRAIN_SECRETS', 'METRICS_TOKEN'])
    expect(faultsOf({ [name]: value, ...SECRETS })).toEqual([])
  })

  test('refuses drains with a secret and reading without', () => {
    const { DRAIN_SECRETS } = SECRETS
    expect(faultsOf({ DRAIN_SECRETS })).toEqual([expect.stringMatching(/^METRICS_TOKEN: not set/)])
  })

  test('stays on loopback while anyone may write', () => {
    const { METRICS_TOKEN } = SECRETS
    expect(readConfig({ METRICS_TOKEN }).isPublic).toBe(false)
    expect(readConfig(SECRETS).isPublic).toBe(true)
  })

  test('wants certificate and key together, readable, and of each other', () => {
    const one = makeCertificate('one')
    const other = makeCertificate('other')
    const junk = join(folder, 'junk')
    writeFileSync(junk, 'no certificate')
    expect(tlsFaults(one.cert, one.key)).toEqual([])
    expect(tlsFaults(one.cert, '')).toEqual(['TLS_KEY_FILE'])
    expect(tlsFaults('', one.key)).toEqual(['TLS_CERT_FILE'])
    expect(tlsFaults(join(folder, 'no'), join(folder, 'nor'))).toEqual([
      'TLS_CERT_FILE',
      'TLS_KEY_FILE',
    ])
    expect(tlsFaults(one.cert, other.key)).toEqual(['TLS_CERT_FILE and TLS_KEY_FILE'])
    expect(tlsFaults(junk, one.key)).toEqual(['TLS_CERT_FILE and TLS_KEY_FILE'])
  })

  test('warns of what is of no use', () => {
    expect(readConfig({ WEB_CONCURRENCY: '4' })).toMatchObject({
      processes: 1,
      warnings: [expect.stringContaining('WEB_CONCURRENCY is 4')],
    })
    expect(readConfig({ DATA_DIR: '/data', REDIS_URL: 'redis://h' }).warnings).toEqual([
      expect.stringContaining('DATA_DIR'),
    ])
    expect(readConfig({ DRAIN_SECRETS: 'short', METRICS_TOKEN: 'm' }).warnings).toEqual([
      expect.stringMatching(/^DRAIN_SECRETS: .* shorter than 16/),
      expect.stringMatching(/^METRICS_TOKEN: .* shorter than 16/),
    ])
  })
})

describe('secrets', () => {
  const long = 'a-secret-of-some-length'
  const production = { NODE_ENV: 'production' }

  test('shorter than 16 characters are an error in production, wherever they stand', () => {
    for (const [name, value] of [
      ['DRAIN_SECRETS', `${long},short`],
      ['METRICS_TOKEN', 'fifteen-letters'],
      ['METRICS_TOKENS', `shop:${long},blog:fifteen-letters`],
    ] as const) {
      const env = { DRAIN_SECRETS: long, METRICS_TOKEN: long, [name]: value }
      expect(faultsOf({ ...env, ...production })).toEqual([
        expect.stringMatching(`^${name}: a secret is shorter than 16 characters`),
      ])
      expect(faultsOf({ ...env, DYNO: 'web.1' })).toHaveLength(1)
      expect(faultsOf(env)).toEqual([])
    }
  })

  test('that read are of one app, or of all', () => {
    const tokens = readConfig({ METRICS_TOKEN: 'm', METRICS_TOKENS: 'shop:a:b, *:c ,shop:d' })
    expect(tokens.readTokens).toEqual([
      { app: undefined, token: 'm' },
      { app: 'shop', token: 'a:b' },
      { app: undefined, token: 'c' },
      { app: 'shop', token: 'd' },
    ])
    expect(
      faultsOf({ DRAIN_SECRETS: long, METRICS_TOKENS: `shop:${long}`, ...production }),
    ).toEqual([])
  })

  test.each(['hunter2hunter2hunter2', ':hunter2', 'a b:hunter2', 'shop:', 'shop: hunter2'])(
    'that read and have no app are an error that does not show them: %j',
    (entry) => {
      const [fault = '', ...more] = faultsOf({ METRICS_TOKENS: `shop:${long},${entry}` })
      expect(fault).toMatch(/^METRICS_TOKENS: entry 2 is not APP:TOKEN/)
      expect(more).toEqual([])
      expect(fault).not.toContain('hunter2')
    },
  )

  test('and passwords of URLs are what no log may show', () => {
    const env = {
      DRAIN_SECRETS: 'secret-1,secret-2',
      METRICS_TOKEN: 'token-1',
      METRICS_TOKENS: 'shop:token-2',
      REDIS_URL: 'redis://:p%25ssword@a,redis://user:other-pass@b',
      OTLP_ENDPOINT: 'https://u:push-pass@h/otlp?api-key=in-query',
    }
    const own = ['secret-1', 'secret-2', 'token-1', 'token-2']
    const ofUrls = ['p%25ssword', 'p%ssword', 'other-pass', 'push-pass', 'in-query']
    expect(readConfig(env).hidden).toEqual([...own, ...ofUrls])
  })
})

test('readDrainSecrets needs no other variable', () => {
  expect(readDrainSecrets({ DRAIN_SECRETS: 'b, a', DYNO: 'web.1' })).toEqual(['b', 'a'])
  expect(readDrainSecrets({})).toEqual([])
})
