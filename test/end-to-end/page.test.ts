import { readFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { drainToken } from '../../src/receive/credentials.ts'
import { basic, testApp } from '../support/app.ts'
import { CHROMIUM, figure, openWatched, startBrowser, waitForCharts } from '../support/browser.ts'
import { body, syslog } from '../support/count.ts'

const EVIL = '/<img src=x onerror=alert(1)>'
const SECRETS = { METRICS_TOKEN: 'the-token-of-tests', DRAIN_SECRETS: 'x'.repeat(20) }

describe.skipIf(CHROMIUM.path === undefined)('the charts page in Chromium', () => {
  let browser: Browser
  let app = testApp()
  let url = ''

  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser.close()
  })
  beforeEach(async () => {
    app = testApp()
    url = await app.start()
  })
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    await app.stop()
  })

  async function post(...lines: string[]) {
    const payload = body(...lines)
    const { statusCode } = await app.server.inject({
      method: 'POST',
      url: '/logs?app=shop',
      payload,
    })
    expect(statusCode).toBe(204)
  }

  /** Ten requests of a user, two of the cart of which one failed, and what else an app says. */
  async function postAll() {
    await post(
      ...Array.from({ length: 10 }, (_, i) => request(`/users/${i + 100}`, 200, 40)),
      request('/cart', 201, 900),
      request('/cart', 503, 30_000, 'code=H12 desc="Request timeout"'),
      line(
        'heroku',
        'web.1',
        'source=web.1 dyno=heroku.1.x sample#memory_total=384MB sample#memory_quota=512MB sample#load_avg_1m=0.75',
      ),
      line('heroku', 'web.1', 'Error R14 (Memory quota exceeded)'),
      line('app', 'api', 'Release v42 created by user a@example.com'),
      line(
        'app',
        'worker.1',
        'measure#db.query=8ms count#mail.sent=7 sample#queue.depth=12 unique#user=ann',
      ),
      line(
        'app',
        'heroku-postgres',
        'source=DATABASE addon=postgresql-x sample#db_size=4194304bytes sample#tables=33',
      ),
    )
  }

  test('shows the very numbers that were sent', async () => {
    await postAll()
    const { page, problems, requests } = await openWatched(browser, `${url}/?app=shop`)
    await waitForCharts(page)
    expect(await figure(page, 'Requests')).toBe('12')
    expect(await figure(page, 'p50')).toMatch(/^(?:39\.\d|40|40\.\d) ms$/)
    expect(await figure(page, 'p99')).toBe('30 s')
    expect(await figure(page, 'Failed')).toBe('8.33 %')
    expect(await figure(page, 'Memory')).toBe('75 %')
    expect(await rowsOf('Routes')).toEqual([
      ['GET\n/users/:id', '10', '0', expect.any(String), expect.any(String), '40 ms', '1.28 %'],
      ['GET\n/cart', '2', '1', '900 ms', '30 s', '30 s', '98.7 %'],
    ])
    expect(await rowsOf('Dynos')).toEqual([
      ['web.1', '12', '30 s', '384 MB of 512 MB', '384 MB', '–', '0.75', 'R14 × 1'],
    ])
    expect(await textOf('.errors li')).toEqual(['H12Request timeout1', 'R14Memory quota exceeded1'])
    expect(await textOf('.events li')).toEqual([expect.stringMatching(/releasev42$/)])
    // As of now are values once their step is over.
    await readout('db.query').filter({ hasText: '8 ms' }).waitFor()
    expect(await readoutOf('db.query')).toContain('p50 8 ms')
    expect(await readoutOf('mail.sent')).toContain('sum in 10 s 7')
    expect(await readoutOf('queue.depth')).toContain('last 12')
    expect(await readoutOf('user')).toContain('different in 10 s 1')
    expect(await page.locator('.addon').innerText()).toMatch(/db_size\s+4 MB\s+tables\s+33/)
    expect(await page.locator('#health').innerText()).toMatch(
      /^last line \d+ s ago · 100 % of lines/,
    )
    expect(await page.title()).toContain('shop')
    expect(new URL(page.url()).search).toBe('?app=shop&range=15m')
    expect(problems).toEqual([])
    expect(requests.filter((address) => !address.startsWith(url))).toEqual([])

    async function rowsOf(name: string): Promise<string[][]> {
      const rows = await page.getByRole('region', { name, exact: true }).locator('tbody tr').all()
      return Promise.all(rows.map(async (row) => row.locator('td').allInnerTexts()))
    }
    async function textOf(selector: string): Promise<string[]> {
      return page.locator(selector).allTextContents()
    }
    function readout(name: string) {
      return page.getByRole('region', { name, exact: true }).locator('.readout')
    }
    async function readoutOf(name: string): Promise<string> {
      return (await readout(name).innerText()).replaceAll(/\s+/g, ' ')
    }
  })

  test('what comes is shown without a reload', async () => {
    await postAll()
    const { page, problems } = await openWatched(browser, `${url}/?app=shop`)
    await waitForCharts(page)
    await page.locator('#live[data-stream=open]').waitFor()
    await page.evaluate('window.stillHere = true')
    await post(request('/users/7', 200, 5), request('/new', 200, 5))
    // Key figures and routes are of the whole range: they follow when the step is over.
    await page.locator('.tile b', { hasText: /^14$/ }).waitFor()
    await page.locator('td code', { hasText: '/new' }).waitFor()
    expect(await page.evaluate('window.stillHere')).toBe(true)
    expect(problems).toEqual([])
  })

  test('a path of markup stays text', async () => {
    await post(
      request(EVIL, 200, 5),
      line('app', 'web.1', `measure#a=1 source=${EVIL.replaceAll(' ', '/')}`),
      line('app', 'heroku-postgres', 'source=<b>DATABASE</b> sample#tables=1'),
    )
    const { page, problems } = await openWatched(browser, `${url}/?app=shop`)
    await waitForCharts(page)
    await page.locator('.route code').first().waitFor()
    expect(await page.locator('.route code').allTextContents()).toEqual([
      expect.stringContaining('<img'),
    ])
    expect(await page.locator('img, b b').count()).toBe(0)
    expect(await page.getByRole('heading', { name: '<b>DATABASE</b>' }).count()).toBe(1)
    expect(problems).toEqual([])
  })

  test('with no data it says what to do, and shows the first lines by itself', async () => {
    const { page, problems } = await openWatched(browser, url)
    await page.locator('.welcome').waitFor()
    expect(await page.locator('.welcome code').allInnerTexts()).toEqual([
      `npm run demo -- ${url}/logs`,
      'heroku drains:add "https://APP:TOKEN@HOST/logs" -a APP',
    ])
    await postAll()
    await waitForCharts(page)
    expect(await figure(page, 'Requests')).toBe('12')
    expect(problems).toEqual([])
  })

  test('an app that isn’t there offers those that are', async () => {
    await postAll()
    const { page, problems } = await openWatched(browser, `${url}/?app=nobody`)
    await page.getByRole('button', { name: 'shop' }).click()
    await waitForCharts(page)
    expect(await figure(page, 'Requests')).toBe('12')
    expect(new URL(page.url()).searchParams.get('app')).toBe('shop')
    expect(problems).toEqual([])
  })

  test('ranges and the paused page are in the address', async () => {
    await postAll()
    const { page, problems } = await openWatched(browser, `${url}/?app=shop&range=24h&live=0`)
    await waitForCharts(page)
    expect(await figure(page, 'Requests')).toBe('12')
    expect(await page.locator('#live').getAttribute('aria-pressed')).toBe('false')
    await page.getByText('6 h', { exact: true }).click()
    await page.locator('#live').click()
    await page.locator('#live[data-stream=open]').waitFor()
    expect(new URL(page.url()).search).toBe('?app=shop&range=6h')
    expect(await figure(page, 'Requests')).toBe('12')
    expect(problems).toEqual([])
  })

  test('a drag zooms, and Back, Escape, arrows and a double click move on; the address has the span', async () => {
    await postAll()
    const { page, problems } = await openWatched(browser, `${url}/?app=shop`)
    await waitForCharts(page)
    const plot = page.locator('.u-over').first()
    await plot.scrollIntoViewIfNeeded()
    const box = (await plot.boundingBox())!
    const spanOf = () => {
      const query = new URL(page.url()).searchParams
      return [Date.parse(query.get('from') ?? ''), Date.parse(query.get('to') ?? '')] as const
    }
    const drag = async () => {
      await page.mouse.move(box.x + box.width * 0.5, box.y + 50)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width * 0.98, box.y + 50, { steps: 4 })
      await page.mouse.up()
      await page.waitForURL(/from=.*&to=/)
    }
    await drag()
    const [from, to] = spanOf()
    expect(to - from).toBeGreaterThanOrEqual(50_000)
    await page.locator('#health').filter({ hasText: / to / }).waitFor()
    expect(await page.locator('#live').getAttribute('aria-pressed')).toBe('false')
    await page.locator('#earlier').click()
    await page.waitForURL((address) => Date.parse(address.searchParams.get('from')!) < from)
    expect(spanOf()[0]).toBe(from - (to - from) / 2)
    await page.goBack()
    await page.waitForURL((address) => Date.parse(address.searchParams.get('from')!) === from)
    await page.goBack()
    await page.waitForURL(/range=15m/)
    await page.locator('.tile b', { hasText: /^12$/ }).waitFor()
    await page.locator('#live[data-stream=open]').waitFor()
    await drag()
    await page.mouse.move(0, 0)
    await page.locator('h1').click()
    await page.keyboard.press('Escape')
    await page.waitForURL(/range=15m/)
    await page.keyboard.press('ArrowLeft')
    await page.waitForURL(/from=.*&to=/)
    await plot.dblclick()
    await page.waitForURL(/range=15m/)
    await page.locator('#live[data-stream=open]').waitFor()
    expect(problems).toEqual([])
  })

  test.each([
    ['range=9h', /no range “9h”/],
    ['from=yesterday&to=2026-11-21T10:00:00Z', /“from” is “yesterday”/],
    ['from=2026-11-21T11:00:00Z&to=2026-11-21T10:00:00Z', /has to be before/],
    ['from=2026-11-21T11:00:00Z', /“to” is missing/],
    ['dino=web.1', /no parameter “dino”/],
    ['compare=year', /no comparison “year”/],
    ['code=5xx', /has to be an H or an R code/],
    ['dyno=web.1&route=/', /nothing is stored by both/],
    ['range=1h&range=6h', /more than once/],
    ['from=1790000000000&to=1790000600000', /Nothing is kept from before|in the future/],
  ])('an address with %s is refused, and offers a way out', async (query, reason) => {
    await postAll()
    const { page, problems } = await openWatched(browser, `${url}/?app=shop&${query}`)
    expect(await page.locator('.welcome').innerText()).toMatch(reason)
    await page.getByRole('button', { name: 'Show the last 15 min' }).click()
    await waitForCharts(page)
    expect(await figure(page, 'Requests')).toBe('12')
    expect(problems).toEqual([])
  })

  test('absolute times in the zone that is named, and why a span can’t be shown', async () => {
    await postAll()
    const { page, problems } = await openWatched(browser, `${url}/?app=shop`, {
      timezoneId: 'Asia/Kolkata',
    })
    await waitForCharts(page)
    expect(await page.locator('#zone').innerText()).toBe('UTC+5:30')
    await page.locator('#zone').click()
    expect(await page.locator('#zone').innerText()).toBe('UTC')
    await page.locator('#custom').click()
    await page.locator('#span-from').fill('2031-01-01T00:00:00')
    await page.locator('#span-to').fill('2031-01-01T01:00:00')
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    expect(await page.locator('#span-problem').innerText()).toContain('in the future')
    await page.locator('#span-to').fill('2030-01-01T01:00:00')
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    expect(await page.locator('#span-problem').innerText()).toContain('before the second')
    const start = new Date(Math.floor(Date.now() / 1000) * 1000 - 1_200_000)
    const end = new Date(start.getTime() + 600_000)
    await page.locator('#span-from').fill(start.toISOString().slice(0, 19))
    await page.locator('#span-to').fill(end.toISOString().slice(0, 19))
    await page.getByRole('button', { name: 'Show', exact: true }).click()
    await page.waitForURL(/from=.*&to=/)
    const query = new URL(page.url()).searchParams
    expect([query.get('from'), query.get('to')]).toEqual([start.toISOString(), end.toISOString()])
    expect(await page.locator('#custom').innerText()).toContain(start.toISOString().slice(11, 16))
    expect(problems).toEqual([])
  })

  test('a click on a route, a code or a dyno focuses the page, and Back leaves it', async () => {
    await postAll()
    await post(request('/cart', 503, 9000, 'code=H12 desc="Request timeout"', 'web.2'))
    const { page, problems } = await openWatched(browser, `${url}/?app=shop&live=0`)
    await waitForCharts(page)
    const requests = (count: string) =>
      page.locator('.tile', { hasText: new RegExp(`^Requests${count}(?!\\d)`) }).waitFor()
    const rowsOf = async (name: string) => {
      const rows = page.getByRole('region', { name, exact: true }).locator('tbody tr')
      return Promise.all(
        (await rows.all()).map(async (row) =>
          (await row.locator('td').allInnerTexts()).slice(0, 3),
        ),
      )
    }
    await requests('13')
    await page.getByRole('button', { name: '/cart' }).click()
    await requests('3')
    expect(new URL(page.url()).searchParams.get('route')).toBe('/cart')
    expect(await rowsOf('Routes')).toEqual([['GET\n/cart', '3', '2']])
    expect(await figure(page, 'Failed')).toBe('66.7 %')
    const dynos = page.getByRole('region', { name: 'Dynos', exact: true })
    expect(await dynos.innerText()).toContain('Not stored by route.')
    await page.getByRole('button', { name: 'H12', exact: true }).click()
    await requests('2')
    await page.getByRole('button', { name: 'Remove route /cart' }).click()
    await page.waitForURL((address) => !address.searchParams.has('route'))
    await dynos.getByRole('button', { name: 'web.2' }).waitFor()
    expect(await rowsOf('Routes')).toEqual([['all\n/cart', '2', '–']])
    expect(await rowsOf('Dynos')).toEqual([
      ['web.1', '1', '–'],
      ['web.2', '1', '–'],
    ])
    expect(await figure(page, 'p95')).toBe('–')
    await dynos.getByRole('button', { name: 'web.2' }).click()
    await requests('1')
    await page.goBack()
    await page.goBack()
    await page.goBack()
    await requests('3')
    await page.goBack()
    await requests('13')
    expect(await page.locator('#focus').isVisible()).toBe(false)
    await page.getByRole('button', { name: 'v42' }).click()
    await page.waitForURL(/from=.*&to=/)
    expect(problems).toEqual([])
  })

  test('a focus moves on with time', async () => {
    await postAll()
    const { page, problems } = await openWatched(browser, `${url}/?app=shop&dyno=web.1`)
    await waitForCharts(page)
    await page.locator('#live[data-stream=polling]').waitFor()
    await post(request('/users/7', 200, 5), request('/users/7', 200, 5, '', 'web.2'))
    await page.locator('.tile', { hasText: /^Requests13(?!\d)/ }).waitFor()
    expect(problems).toEqual([])
  })

  test('of many dynos the worst eight are lines and the rest a band; what is looked for is shown alone', async () => {
    await post(
      ...Array.from({ length: 20 }, (_, i) =>
        line(
          'heroku',
          `web.${i + 1}`,
          `source=web.${i + 1} dyno=heroku.1.x sample#memory_total=${(i + 1) * 10}MB sample#memory_quota=512MB`,
        ),
      ),
      line('heroku', 'worker.1', 'source=worker.1 dyno=heroku.2.x sample#memory_total=5MB'),
      request('/cart', 200, 5),
      request('/users/1', 200, 5),
    )
    const { page, problems } = await openWatched(browser, `${url}/?app=shop`)
    await waitForCharts(page)
    const legend = page.getByRole('region', { name: 'Memory', exact: true }).locator('.readout')
    await legend.filter({ hasText: 'web.20200 MB' }).waitFor()
    expect((await legend.locator('.item').allTextContents()).join(' ')).toBe(
      'web.20200 MB web.19190 MB web.18180 MB web.17170 MB web.16160 MB web.15150 MB web.14140 MB web.13130 MB 13 others: max120 MB median60 MB min5 MB quota512 MB',
    )
    await page.keyboard.press('/')
    await page.keyboard.type('worker.')
    await legend.filter({ hasNotText: 'web.20' }).waitFor()
    expect(await legend.locator('.item').allTextContents()).toEqual(['worker.15 MB'])
    expect(await page.locator('.route code').count()).toBe(0)
    expect(new URL(page.url()).searchParams.get('find')).toBe('worker.')
    await page.reload()
    await waitForCharts(page)
    await page.locator('td code', { hasText: 'worker.1' }).waitFor()
    expect(await page.locator('td code').allInnerTexts()).toEqual(['worker.1'])
    expect(problems).toEqual([])
  })

  test('a finger moves the cursor of all charts, on a phone without loss at the side', async () => {
    await postAll()
    const { page, problems } = await openWatched(browser, `${url}/?app=shop&live=0`, {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
    })
    await waitForCharts(page)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    const times = page.locator('.readout .time')
    const before = await times.first().innerText()
    await page
      .locator('.u-over')
      .first()
      .tap({ position: { x: 60, y: 60 } })
    const after = await times.first().innerText()
    expect(after).toMatch(/^\d\d:\d\d:\d\d/)
    expect(after < before).toBe(true)
    expect(await times.nth(1).innerText()).toBe(after)
    const low = `[...document.querySelectorAll('button, select, input:not([type=radio]), .ranges label')]
      .filter((one) => one.getClientRects().length > 0 && one.getBoundingClientRect().height < 24)
      .map((one) => one.outerHTML.slice(0, 80))`
    expect(await page.evaluate(low)).toEqual([])
    expect(problems).toEqual([])
  })

  test('tables and charts are saved as CSV, and no text of strangers becomes a formula', async () => {
    await postAll()
    await post(
      request('/a,"b"', 200, 50),
      line('app', 'api', 'Release v43 created by user b@example.com'),
    )
    const { page, problems } = await openWatched(browser, `${url}/?app=shop&live=0`)
    await waitForCharts(page)
    const save = async (title: string) => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: `Save as CSV: ${title}`, exact: true }).click(),
      ])
      const text = await readFile(await download.path(), 'utf8')
      return { name: download.suggestedFilename(), rows: text.split('\r\n') }
    }
    const routes = await save('Routes')
    expect(routes.name).toBe('Routes.csv')
    expect(routes.rows[0]).toBe('Route,Requests,Failed,p50,p95,p99,Share of time')
    expect(routes.rows[1]).toMatch(/^GET \/users\/:id,10,0,0\.04/)
    expect(routes.rows).toHaveLength(5)
    const requests = await save('Requests per second')
    expect(requests.rows[0]).toBe('time,5xx,2xx')
    expect(requests.rows).toHaveLength(92)
    const heat = await save('Latency heat map')
    const cells = heat.rows.slice(1).flatMap((row) => row.split(',').slice(1).map(Number))
    expect(cells.reduce((sum, n) => sum + n, 0)).toBe(13)
    expect((await save('Platform errors')).rows.slice(0, 2)).toEqual([
      'code,name,count',
      'H12,Request timeout,1',
    ])
    expect((await save('Events')).rows[1]).toMatch(/Z,release,v43$/)
    expect(problems).toEqual([])
  })

  test('compares with the time before: deltas on the figures, pale lines in the charts', async () => {
    const now = Math.floor(Date.now() / 60_000) * 60_000
    const earlier = (service: number) =>
      request('/', 200, service).replace(
        /\d{4}-\d\d-\d\dT[\d:.]+/,
        new Date(now - 480_000).toISOString().slice(0, -1),
      )
    const lately = (service: number) =>
      request('/', 200, service).replace(
        /\d{4}-\d\d-\d\dT[\d:.]+/,
        new Date(now - 120_000).toISOString().slice(0, -1),
      )
    await post(earlier(100), earlier(100), ...Array.from({ length: 5 }, () => lately(50)))
    const span = `from=${new Date(now - 300_000).toISOString()}&to=${new Date(now).toISOString()}`
    const { page, problems } = await openWatched(browser, `${url}/?app=shop&${span}`)
    await waitForCharts(page)
    expect(await figure(page, 'Requests')).toBe('5')
    await page.locator('#compare').selectOption('before')
    const note = (name: string) =>
      page.locator('.tile', { hasText: new RegExp(`^${name}`) }).locator('small')
    await note('Requests').filter({ hasText: '+150 % on the time before' }).waitFor()
    expect(await note('p95').innerText()).toMatch(/^−(?:49|50|51)(?:\.\d)? % on the time before$/)
    expect(new URL(page.url()).searchParams.get('compare')).toBe('before')
    expect(
      await page.getByRole('region', { name: 'Response time' }).locator('.readout').innerText(),
    ).toContain('p95 the time before')
    await page.locator('#compare').selectOption('week')
    await note('Requests').filter({ hasText: 'no line at a week before' }).waitFor()
    await page.locator('#compare').selectOption('')
    await note('Requests').filter({ hasText: 'peak' }).waitFor()
    expect(problems).toEqual([])
  })

  test('paused says when, and is never a warning', async () => {
    await postAll()
    const { page } = await openWatched(browser, `${url}/?app=shop&live=0`)
    await waitForCharts(page)
    expect(await page.locator('#health').innerText()).toMatch(/^Paused at \d\d:\d\d:\d\d · 100 %/)
    expect(await page.locator('#health').getAttribute('data-state')).toBe('good')
  })

  test('a server that is gone is said, with the time of what is seen', async () => {
    await postAll()
    const { page } = await openWatched(browser, `${url}/?app=shop`)
    await waitForCharts(page)
    await page.locator('#live[data-stream=open]').waitFor()
    await app.stop()
    await page
      .getByRole('status')
      .filter({ hasText: /Showing data as of \d\d:\d\d:\d\d/ })
      .waitFor()
    expect(await figure(page, 'Requests')).toBe('12')
  })

  test.each(['apps', 'series'])(
    'a first question for %s that fails is asked again',
    async (question) => {
      await postAll()
      const page = await (await browser.newContext()).newPage()
      let isAway = true
      await page.route(new RegExp(`/api/${question}`), async (route) =>
        isAway ? route.abort() : route.continue(),
      )
      await page.goto(`${url}/?app=shop`)
      const banner = page.getByRole('status').filter({ hasText: 'can’t be reached' })
      await banner.waitFor()
      isAway = false
      await waitForCharts(page)
      expect(await figure(page, 'Requests')).toBe('12')
      expect(await banner.isVisible()).toBe(false)
    },
  )

  test('a server that forgot its apps is followed again once it knows them', async () => {
    await postAll()
    const { page } = await openWatched(browser, `${url}/?app=shop`)
    await waitForCharts(page)
    await app.stop()
    app = testApp({ PORT: new URL(url).port })
    await app.start()
    await page.locator('#live[data-stream=refused]').waitFor()
    await post(request('/', 200, 5))
    await page.locator('#live[data-stream=open]').waitFor()
    await page.locator('.tile b', { hasText: /^1$/ }).waitFor()
  })

  test('what is offered keeps the focus while the page looks again', async () => {
    await postAll()
    const { page } = await openWatched(browser, `${url}/?app=nobody`)
    const button = page.getByRole('button', { name: 'shop' })
    await button.focus()
    for (let i = 0; i < 2; i += 1) await page.waitForResponse(`${url}/api/apps`)
    await page.waitForTimeout(100)
    expect(await page.evaluate('document.activeElement.textContent')).toBe('shop')
  })

  test('what came since a step began is shown, when the server’s date says that very second', async () => {
    await postAll()
    const begun = new Date(Math.floor(Date.now() / 10_000) * 10_000)
    const page = await (await browser.newContext()).newPage()
    await page.clock.setFixedTime(begun)
    await page.route('**/api/apps', async (route) => {
      const response = await route.fetch()
      await route.fulfill({
        response,
        headers: { ...response.headers(), date: begun.toUTCString() },
      })
    })
    await page.goto(`${url}/?app=shop&live=0`)
    await waitForCharts(page)
    expect(await figure(page, 'Requests')).toBe('12')
  })

  test('works by keyboard: every control, sorting, and the cursor of the charts', async () => {
    await postAll()
    const { page, problems } = await openWatched(browser, `${url}/?app=shop&live=0`)
    await waitForCharts(page)
    const seen: string[] = []
    for (let i = 0; i < 15; i += 1) {
      await page.keyboard.press('Tab')
      seen.push(
        await page.evaluate(
          'document.activeElement.id || document.activeElement.className || document.activeElement.value',
        ),
      )
    }
    expect(seen.slice(0, 3)).toEqual(['skip', 'app', '15m'])
    expect(seen.slice(3)).toEqual([
      'earlier',
      'later',
      'closer',
      'wider',
      'custom',
      'compare',
      'find',
      'live',
      'zone',
      'theme',
      'csv',
      'plot',
    ])
    const readout = page.locator('.readout .time').first()
    expect(await readout.innerText()).toMatch(/^\d\d:\d\d:\d\d$/)
    await page.keyboard.press('ArrowLeft')
    expect(await readout.innerText()).toMatch(/^\d\d:\d\d:\d\d$/)
    await page
      .locator('output[aria-live=polite]', { hasText: /\d\d:\d\d:\d\d, / })
      .waitFor({ state: 'attached' })
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'p95' }).first().focus()
    await page.keyboard.press('Enter')
    expect(await page.locator('.route code').allInnerTexts()).toEqual(['/cart', '/users/:id'])
    await page.keyboard.press('Enter')
    expect(await page.locator('.route code').allInnerTexts()).toEqual(['/users/:id', '/cart'])
    expect(problems).toEqual([])
  })

  test('fits a phone, and is dark where that is asked for', async () => {
    await postAll()
    const { page, problems } = await openWatched(browser, `${url}/?app=shop`, {
      viewport: { width: 360, height: 740 },
      colorScheme: 'dark',
    })
    await waitForCharts(page)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
    const ground = 'getComputedStyle(document.body).backgroundColor'
    expect(await page.evaluate(ground)).toBe('rgb(13, 15, 19)')
    await page.locator('#theme').click()
    expect(await page.evaluate(ground)).toBe('rgb(245, 245, 242)')
    await page.reload()
    await waitForCharts(page)
    expect(await page.evaluate(ground)).toBe('rgb(245, 245, 242)')
    expect(problems).toEqual([])
  })

  test('behind the token: the browser sends what it was given everywhere', async () => {
    const secure = testApp(SECRETS)
    const address = (await secure.start()).replace(/\[::1?\]|0\.0\.0\.0/, '127.0.0.1')
    const drain = { authorization: basic('shop', drainToken(SECRETS.DRAIN_SECRETS, 'shop')) }
    const payload = body(request('/', 200, 5))
    const { statusCode } = await secure.server.inject({
      method: 'POST',
      url: '/logs',
      headers: drain,
      payload,
    })
    expect(statusCode).toBe(204)
    const { page, problems } = await openWatched(browser, address, {
      httpCredentials: { username: 'any', password: SECRETS.METRICS_TOKEN },
    })
    await waitForCharts(page)
    await page.locator('#live[data-stream=open]').waitFor()
    expect(await figure(page, 'Requests')).toBe('1')
    expect(problems).toEqual([])
    await secure.stop()
  })
})

function line(app: string, proc: string, message: string): string {
  return syslog(app, proc, message, Date.now())
}

function request(path: string, status: number, service: number, code = '', dyno = 'web.1'): string {
  const at = code === '' ? 'at=info' : `at=error ${code}`
  return line(
    'heroku',
    'router',
    `${at} method=GET path="${path}" host=h request_id=r fwd="192.0.2.1" dyno=${dyno} connect=1ms service=${service}ms status=${status} bytes=512 protocol=https`,
  )
}
