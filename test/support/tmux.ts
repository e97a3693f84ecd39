import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

/** A real terminal with a shell in it. */
export interface Pty {
  /** Types a line. */
  type(line: string): void
  /** Presses keys by tmux's names, as `q`, `Down`, `C-c`. */
  press(...keys: string[]): void
  resize(columns: number, rows: number): void
  /** What is on the screen. */
  text(): string
  /** The text, with what has scrolled away, once it matches; throws with the last one after a while. */
  until(pattern: RegExp): Promise<string>
  /** One of tmux's formats, as `#{alternate_on}`. */
  format(format: string): string
  /** All that the programs write from now on goes to this file. */
  record(path: string): void
  close(): void
}

const PATIENCE_MS = 30_000
let terminals = 0

/** `tmux` is the path of the program; `env` is all that the shell gets beside PATH. */
export function openPty(
  tmux: string,
  columns: number,
  rows: number,
  env: Record<string, string> = {},
): Pty {
  const server = `l2met-${process.pid}-${(terminals += 1)}`
  const run = (...args: string[]): string =>
    execFileSync(tmux, ['-L', server, '-f', '/dev/null', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', TERM: 'xterm-256color', ...env },
    })
  const size = ['-x', String(columns), '-y', String(rows)]
  run('new-session', '-d', ...size, 'env', 'PS1=$ ', 'bash', '--norc', '--noprofile')
  const text = (): string => run('capture-pane', '-p')
  const history = (): string => run('capture-pane', '-p', '-S', '-500')
  return {
    type: (line) => void run('send-keys', line, 'Enter'),
    press: (...keys) => void run('send-keys', ...keys),
    resize: (x, y) => void run('resize-window', '-x', String(x), '-y', String(y)),
    text,
    async until(pattern) {
      const deadline = Date.now() + PATIENCE_MS
      let seen = history()
      while (!pattern.test(seen)) {
        if (Date.now() > deadline) throw new Error(`no ${String(pattern)} in:\n${seen}`)
        await sleep(100)
        seen = history()
      }
      return seen
    },
    format: (format) => run('display-message', '-p', format).trimEnd(),
    record: (path) => void run('pipe-pane', `cat > '${path}'`),
    close: () => void run('kill-server'),
  }
}
