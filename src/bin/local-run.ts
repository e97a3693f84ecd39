import type { ReportView } from '../export/terminal/local-report.ts'
import { STDIN, isTail } from '../receive/files.ts'
import { type LocalOptions, parseLocalArgs } from './local-args.ts'
import { checkThresholds } from './local-fail-if.ts'
import { type Look, lookOf, say } from './local-output.ts'
import { NO_PROGRESS, type Progress, createProgress } from './local-progress.ts'
import { readInputs, totalSize } from './local-read.ts'
import { type Teller, tellIntervals, tellView, tellWhole } from './local-report.ts'
import { createStop } from './local-stop.ts'
import { UsageError } from './local-usage-error.ts'

/** Exit codes, beside 130 after Ctrl-C; docs/LOCAL.md. */
const EXIT = { done: 0, fault: 1, usage: 2, nothing: 3, threshold: 4 }

/** Nobody waits for a file: its lines may be far out of order, and each interval comes once. */
const KEEP_OF_FILES = 360

type Environment = Readonly<Record<string, string | undefined>>

/** Runs `l2met-local` and gives its exit code. */
export async function runLocal(args: readonly string[], env: Environment): Promise<number> {
  let options: LocalOptions
  try {
    options = parseLocalArgs(args)
    checkTogether(options)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    say(error.message)
    return EXIT.usage
  }
  if (options.help) return print((await import('./local-help.ts')).HELP)
  if (options.version) return print(`${(await import('../version.ts')).readVersion()}\n`)
  if (options.inputs.length === 0 && process.stdin.isTTY) {
    process.stderr.write((await import('./local-help.ts')).HELP)
    return EXIT.usage
  }
  return countAndTell(options, args, env)
}

async function countAndTell(
  options: LocalOptions,
  args: readonly string[],
  env: Environment,
): Promise<number> {
  const inputs = options.inputs.length === 0 ? [STDIN] : options.inputs
  const look = lookOf(options.noColour, env, process.stdout)
  const progress = progressOn(options, inputs, env)
  const stop = createStop()
  const isBoard = wantsBoard(options, inputs, env)
  const teller = isBoard
    ? (await import('./local-board.ts')).tellBoard(options, look, stop, write)
    : await tellerOf(options, inputs, look)
  let faults = 0
  await readInputs({
    inputs,
    counter: teller.counter,
    args,
    addPart: teller.addPart,
    live: isBoard || options.intervalMs !== undefined,
    signal: stop.signal,
    progress,
    onFault(message) {
      progress.clear()
      say(message)
      faults += 1
    },
  })
  progress.clear()
  const view = teller.finish()
  try {
    await teller.finishFiles?.()
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    faults += 1
  }
  const code = judge(options, view, faults)
  return stop.code() ?? code
}

async function tellerOf(
  options: LocalOptions,
  inputs: readonly string[],
  look: Look,
): Promise<Teller> {
  const { intervalMs, html } = options
  const { isTTY } = process.stdout
  if (html !== undefined) {
    const { tellHtml } = await import('./local-html.ts')
    const tell = (view: ReportView) => tellView(view, options, look, isTTY, write)
    return tellHtml(options, html, KEEP_OF_FILES, tell)
  }
  if (intervalMs === undefined) return tellWhole(options, look, isTTY, write)
  const keep = inputs.some(isTail) ? 1 : KEEP_OF_FILES
  return tellIntervals(options, intervalMs, look, keep, write)
}

/** A log that comes through a pipe to a terminal that can be painted is watched. */
function wantsBoard(options: LocalOptions, inputs: readonly string[], env: Environment): boolean {
  if (options.json || options.intervalMs !== undefined || options.html !== undefined) return false
  if (!process.stdout.isTTY || env['TERM'] === 'dumb') return false
  const isTyped = inputs[0] === STDIN && process.stdin.isTTY
  return inputs.length === 1 && isTail(inputs[0]!) && !isTyped
}

function write(text: string): void {
  process.stdout.write(text)
}

/** The exit code of a run that came to its end, with the reason on stderr. */
function judge(options: LocalOptions, view: ReportView, faults: number): number {
  const { failed, unchecked } = checkThresholds(options.thresholds, view)
  for (const message of unchecked) say(`--fail-if ${message}`)
  for (const message of failed) say(`--fail-if ${message}`)
  const { read = 0, malformed = 0 } = view.report.lines
  if (faults > 0) return EXIT.fault
  if (read === malformed) {
    say(
      read === 0
        ? 'nothing understood: the input is empty'
        : `nothing understood: none of ${read} lines is a Heroku log line`,
    )
    return EXIT.nothing
  }
  return failed.length > 0 ? EXIT.threshold : EXIT.done
}

function checkTogether(options: LocalOptions): void {
  if (options.inputs.filter((path) => path === STDIN).length > 1) {
    throw new UsageError("stdin ('-') can be read only once")
  }
  const { intervalMs, json, slow, by, html } = options
  if (html !== undefined && intervalMs !== undefined) {
    throw new UsageError('--html and --interval are two ways to cut the log; leave one out')
  }
  if (intervalMs === undefined || json) return
  if (slow !== undefined || by !== undefined) {
    const flag = slow === undefined ? '--by' : '--slow'
    throw new UsageError(
      `${flag} has no place in the lines of --interval; add --json, or leave one out`,
    )
  }
}

function progressOn(options: LocalOptions, inputs: readonly string[], env: Environment): Progress {
  const { stderr, stdout } = process
  const rowsOnSameTerminal = options.intervalMs !== undefined && stdout.isTTY
  const total = totalSize(inputs)
  if (!stderr.isTTY || env['TERM'] === 'dumb' || rowsOnSameTerminal || total === 0) {
    return NO_PROGRESS
  }
  return createProgress(total, stderr.columns, (text) => void stderr.write(text))
}

function print(text: string): number {
  write(text)
  return EXIT.done
}
