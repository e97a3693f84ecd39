import { afterEach, describe, expect, test } from 'vitest'
import { drainToken } from '../../../src/receive/credentials.ts'
import { SECRETS, testApp } from '../../support/app.ts'

let app = testApp()
afterEach(async () => {
  await app.stop()
})

describe('/welcome', () => {
  const authorization = 'Bearer the-token-of-tests'

  test('has the commands of an app, with its token', async () => {
    app = testApp(SECRETS)
    const answer = await app.server.inject({
      url: '/welcome?app=my-app',
      headers: { authorization, host: 'l2met.example.com' },
    })
    const token = drainToken('new-secret-of-tests', 'my-app')
    expect(answer.body).toContain(
      `heroku drains:add &#34;https://my-app:${token}@l2met.example.com/logs&#34; -a my-app`.replaceAll(
        '&#34;',
        '"',
      ),
    )
    expect(answer.body).toContain(
      'heroku labs:enable log-runtime-metrics -a my-app\nheroku restart -a my-app',
    )
    expect(answer.body).toContain("targets: ['l2met.example.com']")
    expect(answer.body).not.toContain('new-secret-of-tests')
    expect(answer.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'/,
    )
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.body).not.toMatch(/<script/i)
  })

  test('shows nothing that a stranger could have put into a link', async () => {
    app = testApp()
    const evil = '"><script>alert(1)</script>'
    const answer = await app.server.inject({
      url: `/welcome?app=${encodeURIComponent(evil)}`,
      headers: { host: `h${evil}` },
    })
    expect(answer.statusCode).toBe(200)
    expect(answer.body).not.toContain('<script>')
    expect(answer.body).not.toContain('drains:add')
    const twice = await app.server.inject({ url: '/welcome?app=a&app=b' })
    expect(twice.statusCode).toBe(200)
  })

  test('says that Heroku can not reach a server without secrets', async () => {
    app = testApp()
    const { body } = await app.server.inject({
      url: '/welcome?app=a',
      headers: { host: '127.0.0.1:8080' },
    })
    expect(body).toContain('http://127.0.0.1:8080/logs?app=a')
    expect(body).toContain('no secrets')
  })
})
