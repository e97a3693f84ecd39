import type { Screen } from '../render/screen.ts'
import type { Keys } from './keys.ts'

/** The terminal while the board has it. */
export interface Terminal {
  /** Gives it back as it was. */
  release(): void
}

const HUNG_UP = 129

/**
 * Takes the terminal and sees to it that every way out gives it back: the end, Ctrl-Z, SIGHUP
 * and a fault of ours. `onResize` is called when the board has to be painted anew.
 */
export function holdTerminal(
  screen: Screen,
  keys: Keys | undefined,
  onResize: () => void,
): Terminal {
  const release = (): void => {
    screen.leave()
    keys?.close()
  }
  const onFault = (error: unknown): void => {
    release()
    process.stderr.write(`l2met-local: ${error instanceof Error ? error.stack : String(error)}\n`)
    process.exit(1)
  }
  const suspend = (): void => {
    screen.leave()
    keys?.setRaw(false)
    process.kill(process.pid, 'SIGSTOP')
  }
  const resume = (): void => {
    keys?.setRaw(true)
    screen.enter()
    onResize()
  }
  const handlers: [NodeJS.Signals, () => void][] = [
    ['SIGHUP', () => process.exit(HUNG_UP)],
    ['SIGTSTP', suspend],
    ['SIGCONT', resume],
  ]
  for (const [signal, handler] of handlers) process.on(signal, handler)
  process.on('exit', release)
  process.on('uncaughtException', onFault)
  process.stdout.on('resize', onResize)
  screen.enter()
  return {
    release() {
      release()
      for (const [signal, handler] of handlers) process.off(signal, handler)
      process.off('uncaughtException', onFault)
      process.stdout.off('resize', onResize)
    },
  }
}
