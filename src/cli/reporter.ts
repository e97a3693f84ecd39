import { setImmediate as turn } from 'node:timers/promises'
import type { ReportView } from './render/local-report.ts'
import { refusedSentences } from './render/refused.ts'
import { STDIN, isTail } from '../input/files.ts'
import type { LocalOptions } from './args.ts'
import { EXIT, type OutputStyle, outputStyleOf, say } from './output.ts'
import { checkThresholds } from './fail-if.ts'
import { NO_PROGRESS, type Progress, createProgress, createTailProgress } from './progress.ts'
import { readInputs, totalSize } from './read.ts'
import { type Reporter, reportIntervals, reportView, reportWhole } from './report.ts'
import { createStop } from './stop.ts'
import type { Threads } from './threads.ts'

/** Nobody waits for a file: its lines may be far out of order, and each interval comes once. */
const KEEP_OF_FILES = 360

/** Counts the inputs and tells what was counted; gives the exit code. */
export async function countAndReport(
  options: LocalOptions,
  env: Readonly<NodeJS.ProcessEnv>,
  threads: Threads | undefined,
): Promise<number> {
  const inputs = options.inputs.length === 0 ? [STDIN] : options.inputs
  const style = outputStyleOf(options.noColour, env, process.stdout)
  const stop = createStop()
  const isBoard = wantsBoard(options, inputs, env)
  const progress = isBoard ? NO_PROGRESS : progressOn(options, inputs, env)
  const reporter = isBoard
    ? (await import('./board/board.ts')).reportBoard(options, style, stop, write)
    : await reporterOf(options, inputs, style)
  const { scanFault } = reporter.counter
  if (scanFault !== undefined) say(scanFault)
  let faults = 0
  await readInputs({
    inputs,
    counter: reporter.counter,
    partOptions: options,
    threads,
    addPart: reporter.addPart,
    live: isBoard || options.intervalMs !== undefined,
    signal: stop.signal,
    progress,
    onNotice(message) {
      progress.clear()
      say(message)
    },
    onFault(message) {
      progress.clear()
      say(message)
      faults += 1
    },
  })
  // Ctrl-C ends the program that writes too: its end is met together with our own signal.
  await turn()
  progress.clear()
  const view = reporter.finish()
  try {
    await reporter.finishFiles?.()
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    faults += 1
  }
  const code = judge(options, view, faults)
  return stop.code() ?? code
}

async function reporterOf(
  options: LocalOptions,
  inputs: readonly string[],
  style: OutputStyle,
): Promise<Reporter> {
  const { intervalMs, html } = options
  const { isTTY } = process.stdout
  if (html !== undefined) {
    const { reportHtml } = await import('./html.ts')
    const tell = (view: ReportView) => reportView(view, options, style, isTTY, write)
    return reportHtml(options, html, KEEP_OF_FILES, tell)
  }
  if (intervalMs === undefined) return reportWhole(options, style, isTTY, write)
  const keep = inputs.some(isTail) ? 1 : KEEP_OF_FILES
  return reportIntervals(options, intervalMs, style, keep, write)
}

/** A log that comes through a pipe to a terminal that can be painted is watched. */
function wantsBoard(
  options: LocalOptions,
  inputs: readonly string[],
  env: Readonly<NodeJS.ProcessEnv>,
): boolean {
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
  if (options.json || options.intervalMs !== undefined) refusedSentences(view).forEach(say)
  const { read = 0, malformed = 0 } = view.report.lines
  if (faults > 0) return EXIT.fault
  if (read === malformed) {
    say(
      read === 0
        ? 'nothing understood: the input is empty'
        : `nothing understood: no line is like '2026-11-21T10:00:00+00:00 heroku[router]: at=info method=GET …'`,
    )
    return EXIT.nothing
  }
  return failed.length > 0 ? EXIT.threshold : EXIT.done
}

function progressOn(
  options: LocalOptions,
  inputs: readonly string[],
  env: Readonly<NodeJS.ProcessEnv>,
): Progress {
  const { stderr, stdout } = process
  const rowsOnSameTerminal = options.intervalMs !== undefined && stdout.isTTY
  if (!stderr.isTTY || env['TERM'] === 'dumb' || rowsOnSameTerminal) return NO_PROGRESS
  const total = totalSize(inputs)
  const write = (text: string) => void stderr.write(text)
  if (total > 0) return createProgress(total, stderr.columns, write)
  const isPiped = inputs.some(isTail) && !process.stdin.isTTY
  return isPiped ? createTailProgress(stderr.columns, write) : NO_PROGRESS
}
