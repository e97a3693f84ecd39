import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { renderHtmlReport } from '../../src/report/html-report.ts'
import { type ReportSteps, createReportSteps } from '../../src/report/report-steps.ts'
import { createAppState } from '../../src/extract/app-state.ts'
import { countTextLine, createTextCounter } from '../../src/aggregate/text.ts'
import { createAccumulator, resetAccumulator } from '../../src/model/accumulator.ts'
import { CHROMIUM, figure, openWatched, startBrowser, waitForCharts } from '../support/browser.ts'
import { NOW } from '../support/count.ts'

const EVIL = '/</script><script>alert(1)</script><img src=x onerror=alert(1)>\u2028'

/** Lines of text by their own time, as l2met-local counts them. */
function stepsOf(lines: readonly { time: number; text: string }[]): ReportSteps {
  const state = createAppState({ maxSeries: 1000, maxRoutes: 100 })
  const acc = createAccumulator(state.table)
  const counter = createTextCounter(state, NaN)
  const steps = createReportSteps()
  for (const { time, text } of lines) {
    const bytes = Buffer.from(text)
    countTextLine(counter, bytes, 0, bytes.length, false, () => acc)
    steps.add(Math.floor(time / 10_000) * 10_000, acc)
    resetAccumulator(acc)
  }
  return steps
}

function request(time: number, path = '/users/7', service = 20) {
  const stamp = new Date(time).toISOString().replace('Z', '000+00:00')
  const text = `${stamp} heroku[router]: at=info method=GET path="${path}" host=h request_id=r fwd="192.0.2.1" dyno=web.1 connect=1ms service=${service}ms status=200 bytes=5 protocol=https`
  return { time, text }
}

describe('windows of a report', () => {
  test('at most so many; wider ones hold the same', () => {
    const times = Array.from({ length: 3000 }, (_, i) => NOW + i * 10_000)
    const steps = stepsOf(times.map((time) => request(time)))
    expect(steps.windows().size).toBeLessThanOrEqual(720)
    expect(steps.widthMs()).toBe(60_000)
    let lines = 0
    for (const [start, { classes }] of steps.windows()) {
      expect(start % steps.widthMs()).toBe(0)
      lines += classes[0]!
    }
    expect(lines).toBe(3000)
  })
})

describe.skipIf(CHROMIUM.path === undefined)('the HTML report in Chromium', () => {
  let browser: Browser
  let folder = ''
  beforeAll(async () => {
    browser = await startBrowser()
    folder = await mkdtemp(join(tmpdir(), 'l2met-html-'))
  })
  afterAll(async () => {
    await browser.close()
    await rm(folder, { recursive: true })
  })

  async function open(name: string, steps: ReportSteps) {
    const path = join(folder, `${name}.html`)
    await writeFile(path, await renderHtmlReport('shop', steps))
    const watched = await openWatched(browser, `file://${path}`)
    await waitForCharts(watched.page)
    return watched
  }

  test('shows the numbers of the log out of one file', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => request(NOW + i * 3000))
    const { page, problems, requests } = await open(
      'plain',
      stepsOf([...lines, request(NOW, EVIL)]),
    )
    expect(await figure(page, 'Requests')).toBe('41')
    expect(await figure(page, 'p50')).toMatch(/^(?:19\.\d|20(?:\.\d)?) ms$/)
    expect(await page.locator('.route code').allTextContents()).toContain('/users/:id')
    expect(await page.locator('#health').innerText()).toMatch(/^41 lines · 100 %/)
    expect(await page.locator('h1').innerText()).toBe('shop')
    expect(await page.locator('img').count()).toBe(0)
    await page.locator('#theme').click()
    expect(problems).toEqual([])
    expect(requests).toHaveLength(1)
  })

  test('of a log without times', async () => {
    const state = createAppState({ maxSeries: 100, maxRoutes: 10 })
    const acc = createAccumulator(state.table)
    const counter = createTextCounter(state, NaN)
    const bytes = Buffer.from(request(NOW).text.replace(/^.*?: /, ''))
    countTextLine(counter, bytes, 0, bytes.length, true, () => acc)
    const steps = createReportSteps()
    steps.add(NaN, acc)
    const { page, problems } = await open('timeless', steps)
    expect(await figure(page, 'Requests')).toBe('1')
    expect(await page.locator('#span').innerText()).toBe('no line had a time')
    expect(problems).toEqual([])
  })

  test('of nothing', async () => {
    const { page, problems } = await open('empty', createReportSteps())
    expect(await figure(page, 'Requests')).toBe('0')
    expect(problems).toEqual([])
  })
})
