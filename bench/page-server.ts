import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import pino from 'pino'
import { type Browser, chromium } from 'playwright-core'
import { type App, createApp } from '../src/server/app.ts'
import { readConfig } from '../src/server/config.ts'
import type { Entry } from '../src/demo/entry.ts'
import { type Framed, createFormat, takeBody } from '../src/demo/format.ts'
import { createTraffic } from '../src/demo/traffic.ts'

/** A server whose clock follows the lines while a past is played into it. */
export interface PageServer {
  readonly address: string
  /** Plays what the app `shop` logged in [start, end), ms; resolves with the number of lines. */
  play(start: number, end: number, options: PlayOptions): Promise<number>
  /** Plays on in real time until it is stopped. */
  playOn(options: PlayOptions): () => void
  stop(): Promise<unknown>
}

export interface PlayOptions {
  readonly requestsPerSecond: number
  readonly storySeconds: number
}

const LINES_AT_ONCE = 400
const PLAY_EVERY_MS = 500

export async function startPageServer(): Promise<PageServer> {
  const clock = { now: () => Date.now() }
  const log = pino({ level: 'silent' })
  const app = createApp(readConfig({ PORT: '0' }), { log, now: () => clock.now() })
  const address = await app.start()
  return {
    address,
    play: async (start, end, options) => {
      const next = createTraffic({ seed: 7, start, ...options })
      const send = createSender(app)
      let lines = 0
      for (let entry = next(); entry.time < end; entry = next()) {
        send.push(entry)
        lines += 1
        if (lines % LINES_AT_ONCE > 0) continue
        clock.now = () => entry.time
        await send.flush()
      }
      clock.now = () => end
      await send.flush()
      clock.now = () => Date.now()
      return lines
    },
    playOn: (options) => {
      const next = createTraffic({ seed: 9, start: Date.now(), ...options })
      const send = createSender(app)
      let entry = next()
      const timer = setInterval(() => {
        for (; entry.time < Date.now(); entry = next()) send.push(entry)
        void send.flush()
      }, PLAY_EVERY_MS)
      return () => clearInterval(timer)
    },
    stop: async () => app.stop(),
  }
}

/** Debian's Chromium, or the one that CHROMIUM names. */
export async function startBrowser(): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--no-first-run',
  ]
  return chromium.launch({ executablePath: process.env['CHROMIUM'] ?? findChromium(), args })
}

function createSender(app: App): { push: (entry: Entry) => void; flush: () => Promise<void> } {
  const format = createFormat()
  const queue: Framed[] = []
  return {
    push: (entry) => {
      queue.push({ entry, frame: format.frame(entry) })
    },
    flush: async () => {
      while (queue.length > 0) await post(app, takeBody(queue).bytes)
    },
  }
}

async function post(app: App, payload: Buffer): Promise<void> {
  const headers = { 'content-type': 'application/logplex-1' }
  const url = '/logs?app=shop'
  const { statusCode } = await app.server.inject({ method: 'POST', url, headers, payload })
  if (statusCode !== 204) throw new Error(`the drain answered ${statusCode}`)
}

function findChromium(): string {
  const paths = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'chromium'))
  const found = paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
  if (found === undefined) throw new Error('chromium is not on the PATH: apt-get install chromium')
  return found
}
