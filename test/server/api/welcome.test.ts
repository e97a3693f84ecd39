import { afterEach, describe, expect, test } from 'vitest'
import { drainToken } from '../../../src/receive/credentials.ts'
import { SECRETS, testApp } from '../../support/app.ts'

let app = testApp()
afterEach(async () => {
  await app.stop()
})

const authorization = 'Bearer the-token-of-tests'

async function welcome(query: string, host = 'l2met.example.com') {
  const url = `/welcome${query}`
  const { body, headers, statusCode } = await app.server.inject({
    url,
    headers: { authorization, host },
  })
  return { body, headers, statusCode, commands: commandsIn(body) }
}

function commandsIn(html: string): string[] {
  return [...html.matchAll(/<pre>([\s\S]*?)<\/pre>/g)].map(([, text]) =>
    text!.replaceAll(/&#(\d+);/g, (_all, code) => String.fromCharCode(Number(code))),
  )
}

describe('/welcome', () => {
  test('has the commands of an app for the host that the visitor sees', async () => {
    app = testApp(SECRETS)
    const { commands, headers } = await welcome('?app=my-app')
    expect(commands[0]).toBe(
      'URL=$(l2met drain-url my-app --host l2met.example.com) && heroku drains:add "$URL" -a my-app',
    )
    expect(commands[1]).toBe(
      'heroku labs:enable log-runtime-metrics -a my-app\nheroku restart -a my-app',
    )
    expect(commands[2]).toBe('l2met doctor https://l2met.example.com')
    expect(commands[3]).toContain("targets: ['l2met.example.com']")
    expect(headers['cache-control']).toBe('no-store')
  })

  test('has no token that writes, whoever asks', async () => {
    app = testApp(SECRETS)
    const { body } = await welcome('?app=my-app')
    for (const secret of ['new-secret-of-tests', 'old-secret-of-tests']) {
      expect(body).not.toContain(secret)
      expect(body).not.toContain(drainToken(secret, 'my-app'))
    }
    expect(body).not.toContain('the-token-of-tests')
  })

  test('has the server make the drain URL where it runs on Heroku', async () => {
    app = testApp(SECRETS)
    const host = 'my-l2met-0123456789ab.herokuapp.com'
    const drainUrl = 'node dist/bin/serve.js drain-url my-app --host'
    expect((await welcome('?app=my-app', host)).commands.slice(0, 2)).toEqual([
      `URL=$(heroku run --no-tty -a my-l2met -- ${drainUrl} ${host}) && heroku drains:add "$URL" -a my-app`,
      `URL=$(l2met drain-url my-app --host ${host}) && heroku drains:add "$URL" -a my-app`,
    ])
    const named = await welcome('?app=my-app&l2met=other', host)
    expect(named.commands[0]).toContain('-a other --')
    const renamed = testApp({ ...SECRETS, HEROKU_APP_NAME: 'from-the-dyno' })
    await app.stop()
    app = renamed
    expect((await welcome('?app=my-app', host)).commands[0]).toContain('-a from-the-dyno --')
  })

  test('never drains the logs of l2met into itself', async () => {
    app = testApp(SECRETS)
    const { commands, body } = await welcome('?app=my-l2met', 'my-l2met.herokuapp.com')
    expect(commands).toEqual([])
    expect(body).toContain('drain it into another l2met')
  })

  test('runs the script and the styles that it names, and nothing else', async () => {
    app = testApp(SECRETS)
    const policy = String((await welcome('?app=my-app')).headers['content-security-policy'])
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'self' 'sha256-\S+'; script-src 'sha256-\S+';/,
    )
  })

  test('shows nothing that a stranger could have put into a link', async () => {
    app = testApp()
    const evil = '"><script>alert(1)</script>'
    for (const name of ['app', 'l2met']) {
      const { body, statusCode } = await welcome(`?${name}=${encodeURIComponent(evil)}`, `h${evil}`)
      expect(statusCode).toBe(200)
      expect(body).not.toContain('<script>alert')
      expect(body).not.toContain('drains:add')
    }
    expect((await welcome('?app=a&app=b')).statusCode).toBe(200)
  })

  test('says that Heroku can not reach a server without secrets', async () => {
    app = testApp()
    const { body, commands } = await welcome('?app=a', '127.0.0.1:8080')
    expect(commands[0]).toContain('http://127.0.0.1:8080/logs?app=a')
    expect(body).toContain('no secrets')
  })
})
