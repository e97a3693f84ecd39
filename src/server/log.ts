import { fstatSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Where the log of a server goes. What can't be written (the disk is full, nobody reads the pipe) is
 * lost: the server neither waits for its log nor ends by it.
 */
export interface LogOutput {
  write(text: string): void
  /** Resolves when all is written, or can't be, or after `limitMs`. */
  end(limitMs: number): Promise<void>
}

const FD = 1
/** What waits for the reader of a pipe, bytes. */
const MAX_WAITING = 2 ** 20

/** `hidden` are texts that no log may show, wherever they come from: secrets and passwords. */
export function createLogOutput(hidden: readonly string[] = []): LogOutput {
  const stat = fstatSync(FD)
  const output = stat.isFIFO() || stat.isSocket() ? toStream(process.stdout) : TO_FILE
  const redact = createRedactor(hidden)
  return { ...output, write: (text) => output.write(redact(text)) }
}

/** Replaces texts in a line of JSON, longest first: one may hold another. */
export function createRedactor(hidden: readonly string[]): (line: string) => string {
  const inJson = hidden.map((text) => JSON.stringify(text).slice(1, -1))
  const texts = [...new Set(inJson)].toSorted((a, b) => b.length - a.length)
  return (line) => texts.reduce((now, text) => now.replaceAll(text, () => REDACTED), line)
}

const REDACTED = '[redacted]'

/** A stream never waits, but it ends with the first error. */
function toStream(stdout: NodeJS.WriteStream): LogOutput {
  stdout.on('error', () => {})
  return {
    write: (text) => {
      if (stdout.writableLength < MAX_WAITING) stdout.write(text)
    },
    end: async (limitMs) => {
      const written = new Promise<void>((resolve) => stdout.write('', () => resolve()))
      await Promise.race([written, sleep(limitMs, undefined, { ref: false })])
    },
  }
}

/** A file never waits, and after an error the next line may be written again. */
const TO_FILE: LogOutput = {
  write: (text) => {
    try {
      writeSync(FD, text)
    } catch {
      // There is nobody to tell.
    }
  },
  end: async () => {},
}
