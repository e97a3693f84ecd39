import { createStyle, wantsColour, type Style } from './render/style.ts'
import type { Zone } from './render/zone.ts'

/** Exit codes, beside 130 after Ctrl-C; docs/LOCAL.md. */
export const EXIT = { done: 0, fault: 1, usage: 2, nothing: 3, threshold: 4 }

/** how output is styled, decided once from flags, environment and where stdout goes. */
export interface OutputStyle {
  readonly style: Style
  /** Columns, at least 60. */
  readonly width: number
  /** Columns that the rows of tables may take: nothing needs cutting where there is no terminal. */
  readonly tableWidth: number
}

const DEFAULT_WIDTH = 80
const MIN_WIDTH = 60
const MAX_WIDTH = 200

export function outputStyleOf(
  { noColour, zone }: { readonly noColour: boolean; readonly zone: Zone },
  env: Readonly<NodeJS.ProcessEnv>,
  stdout: NodeJS.WriteStream,
): OutputStyle {
  const isTty: boolean = stdout.isTTY
  const known = Number(env['COLUMNS'] ?? '') || (isTty ? stdout.columns : 0)
  const width = reportWidth(known || DEFAULT_WIDTH)
  return {
    style: createStyle(wantsColour({ noColour, isTty, env }), zone),
    width,
    tableWidth: known ? width : MAX_WIDTH,
  }
}

/** What a report takes of a terminal that is so wide. */
export function reportWidth(columns: number): number {
  return Math.min(Math.max(Math.floor(columns), MIN_WIDTH), MAX_WIDTH)
}

/** A reader that goes away, as `| head -1` does, ends the program without a word. */
export function endQuietlyWithoutReader(stdout: NodeJS.WriteStream): void {
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    say(`can't write: ${error.message}`)
    process.exit(1)
  })
  // Nobody is left to tell.
  process.stderr.on('error', () => process.exit(0))
}

/** One line on stderr. */
export function say(message: string): void {
  process.stderr.write(`l2met-local: ${message}\n`)
}
