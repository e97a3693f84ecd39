import { openSync, closeSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { LOCAL, routerLine, temporaryFolder, writeLog } from '../support/local-program.ts'
import { findProgram } from '../support/programs.ts'
import { type Pty, openPty } from '../support/tmux.ts'

const tmux = findProgram('tmux')
const LINE = `${routerLine({ time: '2026-11-21T10:00:00.000000+00:00', path: '/users/1' })}\n`

describe.skipIf(tmux.path === undefined)('files and a real terminal', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let pty: Pty
  beforeAll(() => (folder = temporaryFolder()))
  afterAll(() => folder.remove())
  beforeEach(() => (pty = openPty(tmux.path!, 90, 30)))
  afterEach(() => pty.close())

  const program = `'${process.execPath}' '${LOCAL}'`

  test('without input, help goes to stderr and the exit code is 2', async () => {
    pty.type(`cd '${folder.path}'; ${program} > out; echo "code $?"; wc -c out`)
    await pty.until(/Usage: heroku logs -t -a APP \| l2met-local/)
    await pty.until(/code 2\n0 out/)
  })

  test('a file gives its report, in colour and as wide as the terminal', async () => {
    const path = writeLog(folder.path, 'one.log', LINE)
    const recording = join(folder.path, 'recording')
    pty.record(recording)
    pty.type(`${program} '${path}'; echo "code $?"`)
    await pty.until(/Requests {2}1 [^]*code 0/)
    expect(readFileSync(recording, 'utf8')).toContain('\u001b[1mRequests\u001b[22m')
    expect(pty.format('#{alternate_on}')).toBe('0')
  })

  test('a file as stdin, too: the board is for pipes', async () => {
    const path = writeLog(folder.path, 'two.log', LINE + LINE)
    pty.type(`${program} < '${path}'; echo "code $?"`)
    await pty.until(/Requests {2}2 [^]*code 0/)
  })

  test('--json on a terminal is laid out for reading', async () => {
    const path = writeLog(folder.path, 'three.log', LINE)
    pty.type(`${program} --json '${path}'`)
    await pty.until(/^ {2}"service": \{$/m)
  })

  test('a pipe that is not watched tells on stderr how it ends, and erases that in the end', async () => {
    const path = writeLog(folder.path, 'four.log', LINE)
    pty.type(`cd '${folder.path}'; clear; tail -n 5 -f '${path}' | ${program} --json > piped`)
    await pty.until(/\d B read; Ctrl-C ends it with the report/)
    pty.press('C-c')
    // What is typed sooner is echoed behind the line, and its newline leaves that.
    await pty.until(/^\$\s*$/m)
    expect(pty.text()).not.toMatch(/B read/)
    pty.type(`grep -o '"router":1' piped`)
    await pty.until(/^"router":1$/m)
  })

  test('long files show on stderr how far they are, and erase that in the end', async () => {
    const path = writeMany(join(folder.path, 'long.log'), 250_000_000)
    const recording = join(folder.path, 'progress')
    pty.record(recording)
    const thrice = `'${path}' '${path}' '${path}'`
    pty.type(`clear; ${program} --json ${thrice} > '${folder.path}/report'; echo "code $?"`)
    await pty.until(/code 0/)
    expect(readFileSync(recording, 'utf8')).toMatch(/\d% of \d+ MB {2}[\d.]+ [MG]B\/s/)
    expect(pty.text()).not.toMatch(/% of/)
    const report = JSON.parse(readFileSync(join(folder.path, 'report'), 'utf8')) as {
      lines: { read: number }
    }
    expect(report.lines.read).toBe(3 * Math.ceil(250_000_000 / LINE.length))
  })
})

/** A file of the same line, at least `bytes` long. */
function writeMany(path: string, bytes: number): string {
  const fd = openSync(path, 'w')
  const count = Math.ceil(bytes / LINE.length)
  const chunk = LINE.repeat(10_000)
  for (let left = count; left > 0; left -= 10_000) {
    writeSync(fd, left >= 10_000 ? chunk : LINE.repeat(left))
  }
  closeSync(fd)
  return path
}
