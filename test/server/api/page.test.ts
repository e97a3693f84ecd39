import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inlineModules } from '../../../src/report/inline-modules.ts'
import { readPageFiles } from '../../../src/report/page-assets.ts'
import { testApp } from '../../support/app.ts'

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"

describe('the files of the page', () => {
  const app = testApp()
  beforeAll(async () => {
    await app.server.ready()
  })
  afterAll(async () => {
    await app.stop()
  })

  test('come with the strict policy, and a browser asks whether they changed', async () => {
    const page = await app.server.inject('/')
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
    })
    const headers = { 'if-none-match': String(page.headers['etag']) }
    const again = await app.server.inject({ url: '/', headers })
    expect([again.statusCode, again.body]).toEqual([304, ''])
    const types = [
      'main.js',
      'charts/chart.js',
      'uplot.js',
      'styles/base.css',
      'uplot.css',
      'icon.svg',
    ].map(async (name) => {
      const { headers: got } = await app.server.inject(`/page/${name}`)
      return [got['content-type'], got['content-security-policy']]
    })
    expect(await Promise.all(types)).toEqual([
      ['text/javascript; charset=utf-8', POLICY],
      ['text/javascript; charset=utf-8', POLICY],
      ['text/javascript; charset=utf-8', POLICY],
      ['text/css; charset=utf-8', POLICY],
      ['text/css; charset=utf-8', POLICY],
      ['image/svg+xml', POLICY],
    ])
  })

  test.each([
    '/page/',
    '/page/none.js',
    '/page/../package.json',
    '/page/..%2fpackage.json',
    '/page/%2e%2e%2f%2e%2e%2fpackage.json',
    '/page/..%5c..%5cpackage.json',
    '/page/%00main.js',
    '/page/main.js/x',
    '/page/constructor',
    '/page/__proto__',
  ])('%s finds nothing', async (url) => {
    expect((await app.server.inject(url)).statusCode).toBe(404)
  })

  test('take at most 120 kB on the wire, all together', async () => {
    const files = await readPageFiles()
    const headers = { 'accept-encoding': 'gzip' }
    let size = (await app.server.inject({ url: '/', headers })).rawPayload.length
    for (const name of files.keys()) {
      const answer = await app.server.inject({ url: `/page/${name}`, headers })
      expect(answer.headers['content-encoding']).toBe('gzip')
      size += answer.rawPayload.length
    }
    expect(size).toBeLessThanOrEqual(120_000)
  })

  test('ask for nothing but what is here, and carry no style in their markup', async () => {
    const files = await readPageFiles()
    const index = files.get('index.html')!.text
    const asked = [...index.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path]) => path!)
    for (const path of asked) {
      if (path.startsWith('page/')) expect([path, files.has(path.slice(5))]).toEqual([path, true])
      else expect(['metrics', 'api/apps', 'welcome']).toContain(path)
    }
    expect(index).not.toMatch(/ style=|<style|<script>| on\w+=/)
    for (const [name, { text }] of files) {
      if (name !== 'uplot.js')
        expect([name, text.match(/innerHTML|insertAdjacentHTML|document\.write/)]).toEqual([
          name,
          null,
        ])
    }
    // Each module is asked for at once, not when the one before it has come.
    const modules = [...files.keys()].filter((name) => /^(?!uplot|report).*\.js$/.test(name))
    for (const name of modules) expect(index).toContain(`page/${name}`)
  })
})

describe('modules in one text', () => {
  test('behind what they need, each in its own scope', async () => {
    const files = new Map([
      [
        'entry.js',
        "import { add, one } from './sums/sums.js'\nimport { name } from './name.js'\nexport const result = `${name} ${add(one, hidden())}`\nfunction hidden() {\n  return 2\n}\n",
      ],
      [
        'sums/sums.js',
        "import { name } from '../name.js'\nexport const one = 1\nconst hidden = name\nexport function add(a, b) {\n  return a + b + hidden.length - 3\n}\n",
      ],
      ['name.js', "export const name = 'sum'\n"],
    ])
    const text = inlineModules('entry', (name) => files.get(name)!)
    const url = `data:text/javascript,${encodeURIComponent(`${text}\nexport const { result } = module_entry`)}`
    expect(((await import(url)) as { result: string }).result).toBe('sum 3')
  })

  test('what it doesn’t know is said', () => {
    expect(() => inlineModules('a', () => 'export default 1\n')).toThrow("can't be inlined")
    expect(() => inlineModules('a', () => "import x from './b.js'\n")).toThrow("can't be inlined")
  })
})
