import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { createFormat } from '../src/demo/format.ts'
import { createTraffic } from '../src/demo/traffic.ts'
import { startBrowser, startPageServer } from './page-server.ts'

/*
 * The two pictures of the README, of a modelled app: `npm run pictures` writes docs/images/page.png, the
 * charts page, and docs/images/board.png, l2met-local in a real terminal.
 */

const FOLDER = 'docs/images'
const PLAYED_MS = 900_000
/** Until a step of the charts is over, which began after the past was played. */
const SETTLED_MS = 21_000
const PAGE = { width: 1200, height: 720 }
const BOARD = { columns: 108, rows: 32 }
const BOARD_MS = 40_000
const TRAFFIC = { requestsPerSecond: 40, storySeconds: 800 }

/** Of a terminal: black to white. */
const COLOURS = [
  '#555b66',
  '#f08a82',
  '#6fd3a2',
  '#e6c06a',
  '#82adff',
  '#c79bf0',
  '#6fc8d8',
  '#d7dbe2',
]

const browser = await startBrowser()
try {
  await shootPage(browser)
  await shootBoard(browser)
} finally {
  await browser.close()
}

async function shootPage(from: Browser): Promise<void> {
  const server = await startPageServer()
  const now = Date.now()
  await server.play(now - PLAYED_MS, now, TRAFFIC)
  const stop = server.playOn(TRAFFIC)
  const page = await from.newPage({ viewport: PAGE, colorScheme: 'light' })
  await page.goto(`${server.address}/?app=shop&range=15m`)
  await page.waitForSelector('#main[data-state=ready] canvas')
  await sleep(SETTLED_MS)
  await page.screenshot({ path: `${FOLDER}/page.png` })
  stop()
  await page.close()
  await server.stop()
}

/** Plays into the board in real time, since it shows rates of now. */
async function shootBoard(from: Browser): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'l2met-board-'))
  const pipe = join(scratch, 'log')
  execFileSync('mkfifo', [pipe])
  const size = ['-x', String(BOARD.columns), '-y', String(BOARD.rows)]
  tmux('new-session', '-d', ...size, `node dist/bin/local.js < ${pipe}`)
  try {
    const writer = await open(pipe, 'w')
    await play(async (text) => void (await writer.write(text)))
    await writeText(from, tmux('capture-pane', '-p', '-e'))
    // Without a writer the board ends, and with it the terminal.
    tmux('kill-server')
    await writer.close()
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

function tmux(...args: string[]): string {
  return execFileSync('tmux', ['-L', `l2met-${process.pid}`, '-f', '/dev/null', ...args], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LANG: 'C.UTF-8', TERM: 'xterm-256color' },
  })
}

async function play(write: (text: string) => Promise<void>): Promise<void> {
  const start = Date.now()
  const next = createTraffic({ seed: 3, start, ...TRAFFIC })
  const format = createFormat()
  let entry = next()
  while (Date.now() < start + BOARD_MS) {
    const lines: string[] = []
    for (; entry.time < Date.now(); entry = next()) lines.push(`${format.text(entry)}\n`)
    await write(lines.join(''))
    await sleep(100)
  }
}

/** Text with colours of a terminal, as a picture of one. */
async function writeText(from: Browser, text: string): Promise<void> {
  const page = await from.newPage({ viewport: { width: 1000, height: 700 } })
  await page.setContent(
    `<style>body{margin:0;background:#14171d}pre{display:inline-block;margin:0;padding:14px 18px;` +
      `color:#d7dbe2;font:14px/1.3 'DejaVu Sans Mono',monospace}</style><pre>${toHtml(text)}</pre>`,
  )
  await page.locator('pre').screenshot({ path: `${FOLDER}/board.png` })
  await page.close()
}

function toHtml(text: string): string {
  let style = ''
  // Colours are set by ESC [ CODES m.
  const [first = '', ...parts] = text.trimEnd().split(`${String.fromCodePoint(27)}[`)
  const coloured = parts.map((part) => {
    const end = part.indexOf('m')
    style = styleOf(part.slice(0, end), style)
    return `<span style="${style}">${escapeHtml(part.slice(end + 1))}</span>`
  })
  return escapeHtml(first) + coloured.join('')
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function styleOf(codes: string, before: string): string {
  return (codes || '0').split(';').reduce((style, code) => {
    const n = Number(code)
    if (n === 0) return ''
    if (n === 1) return `${style};font-weight:bold`
    if (n === 2) return `${style};opacity:.65`
    if (n === 7) return `${style};background:#2c323c;color:#d7dbe2!important`
    if (n === 39) return `${style};color:#d7dbe2`
    const colour = COLOURS[n % 10]
    const isColour = (n >= 30 && n <= 37) || (n >= 90 && n <= 97)
    return isColour && colour !== undefined ? `${style};color:${colour}` : style
  }, before)
}
