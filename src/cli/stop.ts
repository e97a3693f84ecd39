/** Ending a run before its input ends. */
export interface Stop {
  readonly signal: AbortSignal
  /** The exit code that the end asks for, whatever was counted; undefined when it asks for none. */
  code(): number | undefined
  /** Stops reading, so that the report is written. */
  now(code?: number): void
}

const CODES = { SIGINT: 130, SIGTERM: 143 } as const

/** Ctrl-C and SIGTERM stop reading; a second one ends the program at once. */
export function createStop(): Stop {
  const controller = new AbortController()
  let wanted: number | undefined
  const now = (code?: number): void => {
    wanted ??= code
    controller.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(CODES[signal])
      now(CODES[signal])
    })
  }
  return { signal: controller.signal, code: () => wanted, now }
}
