import { type Browser, type BrowserContextOptions, type Page, chromium } from 'playwright-core'
import { findProgram } from './programs.ts'

export const CHROMIUM = findProgram('chromium')

/** A page with everything that went wrong on it. */
export interface WatchedPage {
  readonly page: Page
  /** Console messages, uncaught errors and violations of the policy, as they came. */
  readonly problems: string[]
  /** Addresses that were asked for. */
  readonly requests: string[]
}

export async function startBrowser(): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--no-first-run',
  ]
  return chromium.launch({ executablePath: CHROMIUM.path!, args })
}

export async function openWatched(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const page = await context.newPage()
  const problems: string[] = []
  const requests: string[] = []
  page.on('console', (message) => problems.push(`${message.type()}: ${message.text()}`))
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`))
  page.on('request', (request) => requests.push(request.url()))
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  // Violations are in the console too; this names what did it.
  await page.addInitScript(`addEventListener('securitypolicyviolation', (event) => {
    console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample)
  })`)
  await page.goto(url)
  return { page, problems, requests }
}

/** Waits until charts are there. */
export async function waitForCharts(page: Page): Promise<void> {
  await page.locator('#main[data-state=ready]').waitFor()
  await page.locator('.plot canvas').first().waitFor()
}

/** The value of one of the key figures. */
export async function figure(page: Page, name: string): Promise<string> {
  return page
    .locator('.tile', { hasText: new RegExp(`^${name}`) })
    .locator('b')
    .innerText()
}
