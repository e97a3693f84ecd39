import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test as base, describe, expect } from 'vitest'
import { LOCAL, routerLine, temporaryFolder, writeLog } from '../support/local-program.ts'
import { findProgram } from '../support/programs.ts'
import { type Pty, openPty } from '../support/tmux.ts'

const tmux = findProgram('tmux')

/** Columns and rows of a screen that the board fills from its first line to its last. */
function sizeOf(text: string): number[] {
  const lines = text.trimEnd().split('\n')
  const isWhole = /^l2met-local .* UTC$/.test(lines[0]!) && lines.at(-1)!.startsWith(' q quit')
  return isWhole ? [lines[0]!.length, lines.length] : []
}

/** How many lines the board says it has counted. */
function linesIn(text = ''): number {
  return Number(/([\d,]+) lines/.exec(text)?.[1]?.replaceAll(',', ''))
}

/** Writes LINES lines at RATE a second, then waits SILENCE seconds before it ends; one route in ten is slow and fails. */
const GENERATOR = `
const [rate, lines, silence] = process.argv.slice(2).map(Number)
const template = ${JSON.stringify(routerLine({ time: 'TIME', path: '/PATH', service: 'MSms', status: 200, dyno: 'DYNO' }))}
let sent = 0
const line = () => {
  const n = sent++
  const time = new Date().toISOString()
  if (n % 50 === 7) return time + ' heroku[web.1]: source=web.1 dyno=heroku.1.x sample#load_avg_1m=0.50 sample#memory_total=256.00MB sample#memory_quota=512.00MB'
  const bad = n % 10 === 0
  return template.replace('TIME', time).replace('PATH', 'route-' + 'abcdefghijklmnopqrst'[n % 20])
    .replace('MS', bad ? 900 : 20).replace('DYNO', 'web.' + (1 + n % 3)).replace('status=200', bad ? 'status=500' : 'status=200')
}
const start = Date.now()
const timer = setInterval(() => {
  const due = Math.min(lines, Math.ceil(((Date.now() - start) / 1000) * rate))
  let text = ''
  while (sent < due) text += line() + '\\n'
  process.stdout.write(text)
  if (sent < lines) return
  clearInterval(timer)
  setTimeout(() => {}, silence * 1000)
}, 20)
process.stdout.on('error', () => process.exit())
`

/** A terminal of its own for each test, in a folder of its own. */
const test = base.extend<{ folder: string; pty: Pty }>({
  // oxlint-disable-next-line no-empty-pattern
  folder: async ({}, use) => {
    const folder = temporaryFolder()
    writeLog(folder.path, 'generator.cjs', GENERATOR)
    await use(folder.path)
    folder.remove()
  },
  pty: async ({ folder }, use) => {
    const pty = openPty(tmux.path!, 100, 30)
    pty.type(`cd '${folder}'; stty -a > stty.before; clear`)
    await use(pty)
    pty.close()
  },
})

function watch(rate: number, lines: number, silence: number, how = ''): string {
  return `'${process.execPath}' generator.cjs ${rate} ${lines} ${silence} | ${how} '${process.execPath}' '${LOCAL}'`
}

/** The terminal is as it was: no alternate screen, the cursor shown, echo and line editing on. */
async function expectRestored(pty: Pty): Promise<void> {
  pty.type('stty -a > stty.after; cmp stty.before stty.after && echo the same | tr a-z A-Z')
  await pty.until(/THE SAME/)
  expect(pty.format('#{alternate_on} #{cursor_flag} #{wrap_flag}')).toBe('0 1 1')
}

async function start(pty: Pty, command: string): Promise<void> {
  pty.type(command)
  await pty.until(/● live/)
}

// Nearly all that they do is wait.
describe.skipIf(tmux.path === undefined).concurrent('the board in a real terminal', () => {
  test('shows requests, status, percentiles, routes, dynos with memory, and what failed', async ({
    pty,
  }) => {
    await start(pty, watch(300, 3000, 60))
    const text = await pty.until(/GET \/route-a/)
    expect(pty.format('#{alternate_on} #{cursor_flag}')).toBe('1 0')
    await pty.until(/requests +\d\d\d\/s .*[▃▄▅▆▇]/)
    const later = await pty.until(/256 MB +█+ +50% of 512 MB/)
    expect(later).toMatch(/p50 +20 ms/)
    expect(later).toMatch(/p95 +9\d\d ms/)
    expect(later).toMatch(/2xx \d\d\.\d%   5xx \d+\.\d%/)
    expect(text.split('\n').every((line) => line.length <= 100)).toBe(true)
    expect(text).toContain(' q quit   p pause   s sort by p95')
    pty.press('q')
    await pty.until(/Requests {2}\d[^]*% of 512 MB/)
    pty.type('echo "code $?"')
    await pty.until(/code 0/)
    await expectRestored(pty)
  })

  test('p holds the picture while lines are still counted', async ({ pty }) => {
    await start(pty, watch(300, 6000, 60))
    await pty.until(/GET \/route-b/)
    pty.press('p')
    await pty.until(/❚❚ paused/)
    const held = pty.text().split('\n')[0]
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(pty.text().split('\n')[0]).toBe(held)
    pty.press('p')
    await pty.until(/● live/)
    await expect.poll(() => linesIn(pty.text())).toBeGreaterThan(linesIn(held) + 300)
  })

  test('s sorts, arrows scroll', async ({ pty }) => {
    await start(pty, watch(2000, 2000, 60))
    await pty.until(/2,000 lines/)
    const first = () => /(?:requests|total).*route\n +(.*)/.exec(pty.text())?.[1] ?? ''
    expect(pty.text()).toMatch(/requests▾/)
    const before = first()
    pty.press('Down')
    await expect.poll(first).not.toBe(before)
    pty.press('Up')
    await expect.poll(first).toBe(before)
    pty.press('s')
    await pty.until(/p95▾/)
    // Every tenth line is slow, which are those of two routes.
    expect(first()).toMatch(/ 9\d\d ms +GET \/route-[ak]/)
    pty.press('s')
    await pty.until(/failed▾/)
    pty.press('s')
    await pty.until(/total▾/)
  })

  test('fills the terminal, also after it changed its size', async ({ pty }) => {
    await start(pty, watch(1000, 2000, 60))
    await pty.until(/2,000 lines/)
    for (const [columns, rows] of [
      [140, 50],
      [64, 16],
      [80, 24],
    ] as const) {
      pty.resize(columns, rows)
      await expect.poll(() => sizeOf(pty.text()), { timeout: 10_000 }).toEqual([columns, rows])
    }
    expect(pty.text()).toContain('GET /route-')
  })

  test('Ctrl-C ends all of the pipe, gives the report and 130', async ({ pty }) => {
    await start(pty, watch(300, 1000, 60))
    await pty.until(/1,000 lines/)
    pty.press('C-c')
    await pty.until(/Requests {2}980/)
    pty.type('echo "code $?"')
    await pty.until(/code 130/)
    await expectRestored(pty)
  })

  test('the end of the log gives the report', async ({ pty }) => {
    await start(pty, `${watch(300, 600, 1)}; echo "code $?"`)
    await pty.until(/Requests {2}588/)
    await pty.until(/code 0/)
    await expectRestored(pty)
  })

  test.for([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s restores the terminal', async ([signal, code], { folder, pty }) => {
    await start(pty, `${watch(300, 600, 3, `sh -c 'echo $$ > pid; exec "$@"' sh`)}; echo "code $?"`)
    await pty.until(/600 lines/)
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), signal)
    await pty.until(new RegExp(`code ${code}`))
    await expectRestored(pty)
  })

  test('a fault of ours restores the terminal and says what it was', async ({ pty }) => {
    const boom = `NODE_OPTIONS='--import=data:text/javascript,setTimeout(()=>{throw(new(Error)("boom"))},2500)'`
    await start(pty, `${watch(300, 600, 3, boom)}; echo "code $?"`)
    await pty.until(/Error: boom/)
    await pty.until(/code 1/)
    await expectRestored(pty)
  })

  test('Ctrl-Z gives the terminal back, fg takes it again', async ({ pty }) => {
    await start(pty, watch(300, 6000, 60))
    await pty.until(/GET \/route-c/)
    pty.press('C-z')
    await pty.until(/Stopped/)
    await expectRestored(pty)
    pty.type('fg')
    await pty.until(/● live/)
    expect(pty.format('#{alternate_on}')).toBe('1')
    pty.press('q')
    await pty.until(/Requests/)
    await expectRestored(pty)
  })

  test('without /dev/tty it just paints', async ({ pty }) => {
    await start(pty, `setsid -w sh -c "${watch(300, 900, 2).replaceAll("'", '')}"`)
    expect(await pty.until(/GET \/route-d/)).toMatch(/Ctrl-C quit *$/m)
    await pty.until(/Requests {2}882/)
    expect(pty.format('#{alternate_on}')).toBe('0')
  })

  test('5,000 lines a second: all counted, at most ten paintings a second', async ({
    folder,
    pty,
  }) => {
    const recording = join(folder, 'recording')
    pty.record(recording)
    const started = Date.now()
    await start(pty, `${watch(5000, 30_000, 0)}; echo "code $?"`)
    const text = await pty.until(/code 0/)
    const seconds = (Date.now() - started) / 1000
    expect(text).toMatch(/web\.1/)
    const painted = readFileSync(recording, 'utf8')
    expect(painted).toMatch(/30,000 lines/)
    const frames = painted.split('\u001b[?2026h').length - 1
    expect(frames).toBeGreaterThan(5)
    expect(frames).toBeLessThanOrEqual(seconds * 10 + 1)
  })

  test('NO_COLOR and TERM=dumb', async ({ folder, pty }) => {
    const recording = join(folder, 'plain')
    pty.record(recording)
    await start(pty, `${watch(300, 600, 1, 'NO_COLOR=1')}; echo "code $?"`)
    await pty.until(/code 0/)
    // oxlint-disable-next-line no-control-regex
    expect(readFileSync(recording, 'utf8')).not.toMatch(/\u001b\[(?:3\d|1|2|7)m/)
    const dumb = join(folder, 'dumb')
    pty.type('clear')
    pty.record(dumb)
    pty.type(`${watch(600, 600, 0, 'TERM=dumb')}; echo "done $?"`)
    await pty.until(/done 0/)
    // oxlint-disable-next-line no-control-regex
    expect(readFileSync(dumb, 'utf8')).not.toMatch(/\u001b\[\?1049h/)
  })
})
