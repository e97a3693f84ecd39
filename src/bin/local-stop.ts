/** Ending a run before its input ends. */
export interface Stop {
  readonly signal: AbortSignal
  /** The exit code that the end asks for, whatever was counted; undefined when it asks for none. */
  code(): number | undefined
  /** Stops reading, so that the report is written. */
  now(code?: number): void
}

const INTERRUPTED = 130

/** Ctrl-C stops reading; a second one ends the program at once. */
export function createStop(): Stop {
  const controller = new AbortController()
  let wanted: number | undefined
  const now = (code?: number): void => {
    wanted ??= code
    controller.abort()
  }
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED)
    now(INTERRUPTED)
  })
  return { signal: controller.signal, code: () => wanted, now }
}
