import { parseArgs, type ParseArgsConfig } from 'node:util'
import { UsageError } from '../../parse/arguments.ts'
import type { Environment } from '../config.ts'

/** Exit codes of `l2met` and its verbs; 130 after Ctrl-C. */
export const EXIT = { done: 0, failed: 1, usage: 2 }

/** Something that `l2met NAME` does. */
export interface Verb {
  /** One line for `l2met --help`, with what follows the name. */
  readonly usage: string
  readonly summary: string
  /** The text of `l2met NAME --help`. */
  readonly help: string
  /** Resolves with the exit code. Rejects with UsageError (exit 2), ConfigError or VerbError (exit 1). */
  run(args: readonly string[], env: Environment): Promise<number>
}

/** A verb that could not do its work; the message says why and what to do. */
export class VerbError extends Error {
  override readonly name = 'VerbError'
}

/** util.parseArgs with positionals; throws UsageError. */
export function parseVerbArgs<const O extends NonNullable<ParseArgsConfig['options']>>(
  args: readonly string[],
  options: O,
) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** The one app that a verb takes; throws UsageError. */
export function oneApp(verb: string, positionals: readonly string[]): string {
  const [app, ...more] = positionals
  if (app === undefined || more.length > 0) throw new UsageError(`${verb} takes one app`)
  return app
}
