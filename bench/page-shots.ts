import { mkdir } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { startBrowser, startPageServer } from './page-server.ts'

/*
 * Pictures of the charts page in light, dark and phone width, to be looked at, with a day of a modelled
 * app behind it: `npm run page-shots [FOLDER]`. It prints how long each took from the address to the
 * first picture of the charts.
 */

interface Shot {
  readonly name: string
  readonly query: string
  readonly width: number
  readonly height: number
  readonly scheme: 'light' | 'dark'
  /** The page in full length. */
  readonly isWhole?: boolean
}

const DAY_MS = 86_400_000
/** Few requests for most of the day, then many. */
const BUSY_MS = 1_500_000
const QUIET = { requestsPerSecond: 2, storySeconds: 28_000 }
const BUSY = { requestsPerSecond: 40, storySeconds: 800 }

const WIDE = { width: 1440, height: 900 }
const PHONE = { width: 360, height: 740 }
const EMPTY: Shot = { name: 'empty', query: '', ...WIDE, scheme: 'light' }
const SHOTS: readonly Shot[] = [
  { name: 'light', query: '?app=shop&range=15m', ...WIDE, scheme: 'light' },
  { name: 'light-whole', query: '?app=shop&range=15m', ...WIDE, scheme: 'light', isWhole: true },
  { name: 'dark-whole', query: '?app=shop&range=1h', ...WIDE, scheme: 'dark', isWhole: true },
  { name: 'day', query: '?app=shop&range=24h', width: 1920, height: 1080, scheme: 'dark' },
  { name: 'phone', query: '?app=shop&range=6h', ...PHONE, scheme: 'light' },
  { name: 'phone-whole', query: '?app=shop&range=6h', ...PHONE, scheme: 'dark', isWhole: true },
  { name: 'unknown', query: '?app=nobody', ...WIDE, scheme: 'light' },
]

const folder = process.argv[2] ?? 'page-shots'
await mkdir(folder, { recursive: true })
const server = await startPageServer()
const browser = await startBrowser()
try {
  await shoot(browser, EMPTY)
  const now = Date.now()
  const quiet = await server.play(now - DAY_MS, now - BUSY_MS, QUIET)
  const busy = await server.play(now - BUSY_MS, now, BUSY)
  console.log(`${quiet + busy} lines of a day`)
  for (const shot of SHOTS) await shoot(browser, shot)
} finally {
  await browser.close()
  await server.stop()
}

async function shoot(browser: Browser, shot: Shot): Promise<void> {
  const { name, width, height, scheme } = shot
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: scheme,
    deviceScaleFactor: width === PHONE.width ? 2 : 1,
  })
  page.on('console', (message) => console.log(`${name}: console: ${message.text()}`))
  page.on('pageerror', (error) => console.log(`${name}: error: ${error.message}`))
  const started = performance.now()
  await page.goto(`${server.address}/${shot.query}`)
  await page.waitForSelector('#main[data-state=ready] canvas, .welcome')
  const took = Math.round(performance.now() - started)
  if (shot.isWhole === true) await showWhole(page, width)
  await page.screenshot({ path: `${folder}/${name}.png` })
  console.log(`${folder}/${name}.png: after ${took} ms`)
  await page.close()
}

/** Only what is in view is drawn. */
async function showWhole(page: Page, width: number): Promise<void> {
  const height = Number(await page.evaluate('document.documentElement.scrollHeight'))
  await page.setViewportSize({ width, height })
  await page.waitForTimeout(500)
}
