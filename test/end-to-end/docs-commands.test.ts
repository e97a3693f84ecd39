import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { drainToken } from '../../src/receive/credentials.ts'
import { basic, routerBody, routerLine } from '../support/app.ts'
import { type BuiltServer, DIST, startBuiltServer } from '../support/built-server.ts'
import { findProgram } from '../support/programs.ts'

const ROOT = join(import.meta.dirname, '../..')
const SECRET = '0123456789abcdef0123456789abcdef'
const TOKEN = 'fedcba9876543210fedcba9876543210'
const HOST = 'l2met.example.com'
const FERNET_KEY = '07'.repeat(32)
const folder = mkdtempSync(join(tmpdir(), 'l2met-docs-'))
const bin = join(folder, 'bin')
const curl = findProgram('curl')
let server: BuiltServer

/*
 * Blocks of `console` run as they stand, in a shell that knows l2met by its name and finds its host here.
 * Heroku's own program is played: it runs what it is told to in the slug, and a drain that is added has to
 * take a line. Blocks of `sh` need Docker, a cluster or a Heroku account, and are not run.
 */
const PAGES = ['README.md', 'docs/DEPLOY.md', 'docs/MIGRATE.md', 'docs/FAQ.md']
/** Set-up of a clone, which `.ci/run` and test/packaging do, and programs that wait for a terminal. */
const DONE_ELSEWHERE = /^npm /

const HEROKU = `#!/usr/bin/env bash
set -euo pipefail
case "$1 $2" in
  "config:get METRICS_TOKEN") echo "$METRICS_TOKEN" ;;
  "info --shell") echo "web_url=https://${HOST}/" ;;
  "run --no-tty")
    while [ "$1" != -- ]; do shift; done
    shift
    cd "$SLUG" && exec "$@" ;;
  drains:add\\ *)
    echo "$2" >>"$DRAINS"
    printf '%s' "$2" | grep -Eq '^https://[A-Za-z0-9._-]+:[^@]+@${HOST.replaceAll('.', '\\.')}/' ;;
  logs\\ *) cat "$LOG" ;;
  drains\\ *|redis:info\\ *|open\\ *|labs:enable\\ *|restart\\ *) ;;
  *) echo "heroku: the tests do not know: $*" >&2; exit 1 ;;
esac
`

beforeAll(async () => {
  server = await startBuiltServer({
    DRAIN_SECRETS: SECRET,
    METRICS_TOKEN: TOKEN,
    SECRETS: FERNET_KEY,
  })
  mkdirSync(bin)
  const programs = {
    heroku: HEROKU,
    l2met: `#!/bin/sh\nexec node ${join(DIST, 'bin/serve.js')} $(echo "$@" | sed 's,https://${HOST},${server.origin},g')\n`,
    npx: '#!/bin/sh\n[ "$1 $2" = "-p l2met" ] && shift 2 && exec "$@"\n',
    'l2met-local': `#!/bin/sh\nexec node ${join(DIST, 'bin/local.js')} "$@"\n`,
    curl: `#!/usr/bin/env bash\nexec /usr/bin/env -u CURL "$CURL" "\${@//https:\\/\\/${HOST}/${server.origin}}"\n`,
  }
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), text)
    chmodSync(join(bin, name), 0o755)
  }
  const log = `${new Date().toISOString()} heroku[router]: ${/at=.*/.exec(routerLine())![0]}\n`
  writeFileSync(join(folder, 'shop.log'), log)
  writeFileSync(join(folder, 'yesterday.log.gz'), gzipSync(log))
  await fetch(`${server.origin}/logs`, {
    method: 'POST',
    headers: {
      authorization: basic('my-app', drainToken(SECRET, 'my-app')),
      'content-type': 'application/logplex-1',
    },
    body: routerBody(),
  })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

async function shell(script: string) {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: `${bin}:${process.env['PATH']}`,
      CURL: curl.path!,
      DRAIN_SECRETS: SECRET,
      METRICS_TOKEN: TOKEN,
      SECRET: FERNET_KEY,
      SLUG: ROOT,
      DRAINS: join(folder, 'drains'),
      LOG: join(folder, 'shop.log'),
    },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, said }
}

interface Block {
  readonly page: string
  readonly kind: string
  readonly text: string
}

function blocksOf(page: string): Block[] {
  const found = readFileSync(join(ROOT, page), 'utf8').matchAll(
    /^( *)```(console|sh)\n([\s\S]*?)^ *```/gm,
  )
  return [...found].map(([, indent, kind, text]) => {
    return { page, kind: kind!, text: text!.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trim() }
  })
}

const all = PAGES.flatMap(blocksOf)
const run = all.filter(({ kind, text }) => kind === 'console' && !DONE_ELSEWHERE.test(text))

describe.skipIf(curl.path === undefined)('the commands of the docs', () => {
  test.each(run)('of $page run: $text', async ({ text }) => {
    const { code, said } = await shell(text)
    expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' })
  })

  test('add drains that take a line', async () => {
    const drains = readFileSync(join(folder, 'drains'), 'utf8').trim().split('\n')
    expect(drains.length).toBeGreaterThanOrEqual(3)
    for (const drain of drains) {
      const { username, password, pathname } = new URL(drain)
      const { status } = await fetch(`${server.origin}${pathname}`, {
        method: 'POST',
        headers: {
          authorization: basic(username, password),
          'content-type': 'application/logplex-1',
        },
        body: routerBody(),
      })
      expect(status).toBe(204)
    }
  })

  test('that are not run are Docker’s, Kubernetes’, Heroku’s or of root', () => {
    const others = all.filter(({ kind }) => kind === 'sh')
    for (const { text } of others) expect(text).toMatch(/docker|kubectl|heroku|sudo/)
    expect(run.length).toBeGreaterThan(others.length)
  })
})
