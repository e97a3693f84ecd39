import { setTimeout as sleep } from 'node:timers/promises'
import { startBrowser, startPageServer } from './page-server.ts'

/*
 * What a page that stays open costs: the charts of a modelled app are watched live, and after each
 * minute the heap (after a collection) and the elements of the page are printed, with the memory of
 * the server. `node dist-bench/bench/page-live.js [MINUTES]`, 10 by default.
 */

const MINUTE_MS = 60_000
const BUSY = { requestsPerSecond: 40, storySeconds: 300 }

const minutes = Number(process.argv[2] ?? 10)
const server = await startPageServer()
const browser = await startBrowser()
try {
  const now = Date.now()
  await server.play(now - 15 * MINUTE_MS, now, BUSY)
  const stopTraffic = server.playOn(BUSY)
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  page.on('console', (message) => console.log(`console: ${message.text()}`))
  page.on('pageerror', (error) => console.log(`error: ${error.message}`))
  await page.goto(`${server.address}/?app=shop&range=15m`)
  await page.waitForSelector('#main[data-state=ready] canvas')
  const tools = await page.context().newCDPSession(page)
  console.log('minute  page heap MB  elements  server RSS MB')
  for (let minute = 0; minute <= minutes; minute += 1) {
    await tools.send('HeapProfiler.collectGarbage')
    const { usedSize } = await tools.send('Runtime.getHeapUsage')
    const { nodes } = await tools.send('Memory.getDOMCounters')
    const rss = process.memoryUsage().rss
    console.log([minute, mib(usedSize), nodes, mib(rss)].join('\t'))
    if (minute < minutes) await sleep(MINUTE_MS)
  }
  stopTraffic()
} finally {
  await browser.close()
  await server.stop()
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1)
}
