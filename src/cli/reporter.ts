import { setImmediate as turn } from 'node:timers/promises'
import type { ReportView } from './render/local-report.ts'
import { refusedSentences } from './render/refused.ts'
import { STDIN, isTail } from '../input/files.ts'
import type { LocalOptions } from './args.ts'
import { EXIT, type OutputStyle, outputStyleOf, say } from './output.ts'
import { checkThresholds } from './fail-if.ts'
import { NO_PROGRESS, type Progress, createProgress, createTailProgress } from './progress.ts'
import type { LogPeek } from './log-span.ts'
import { type Overlaps, createOverlaps } from './overlaps.ts'
import { type Run, isAgo, timeOfMoment } from './range.ts'
import { type InputCount, readInputs, totalSize } from './read.ts'
import type { Repeats } from './repeats.ts'
import { hintFor, hintForApp } from './hints.ts'
import { printable } from './render/printable.ts'
import { countText } from './render/units.ts'
import { type Reporter, reportIntervals, reportView, reportWhole } from './report.ts'
import { createStop } from './stop.ts'
import { type Threads, canSplit } from './threads.ts'

/** Nobody waits for a file: its lines may be far out of order, and each interval comes once. */
const KEEP_OF_FILES = 360

/** Counts the inputs and tells what was counted; gives the exit code. */
export async function countAndReport(
  options: LocalOptions,
  env: Readonly<NodeJS.ProcessEnv>,
  known: LogPeek,
  threads: Threads | undefined,
): Promise<number> {
  const inputs = options.inputs.length === 0 ? [STDIN] : options.inputs
  const style = outputStyleOf(options, env, process.stdout)
  const { stepMs, isSuspicious } = known
  const run = await runOf(options, inputs, stepMs)
  const stop = createStop()
  const isBoard = wantsBoard(options, inputs, env)
  const progress = isBoard ? NO_PROGRESS : progressOn(options, inputs, env)
  const reporter = isBoard
    ? (await import('./board/board.ts')).reportBoard(options, run, style, stop, write)
    : await reporterOf(options, run, inputs, style)
  const { scanFault } = reporter.counter
  if (scanFault !== undefined) say(scanFault)
  let faults = 0
  const overlaps =
    options.dedupe || isSuspicious === false ? undefined : createOverlaps(isSuspicious === true)
  const counts = await readInputs({
    inputs,
    counter: reporter.counter,
    partOptions: { ...options, stepMs },
    threads,
    addPart: canSplit(options) && isSuspicious !== true ? reporter.addPart : undefined,
    namesFiles: options.by === 'app' || options.where.some(({ app }) => app !== undefined),
    overlaps,
    repeats: run.repeats,
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
  sayRepeats(run.repeats, overlaps)
  const code = judge(options, view, counts, faults)
  return stop.code() ?? code
}

async function runOf(
  options: LocalOptions,
  inputs: readonly string[],
  stepMs: number | undefined,
): Promise<Run> {
  const { since, until, dedupe } = options
  const end = [since, until].some(isAgo)
    ? await (await import('./log-span.ts')).endOfLog(inputs)
    : NaN
  return {
    since: timeOfMoment(since, end),
    until: timeOfMoment(until, end),
    repeats: dedupe ? (await import('./repeats.ts')).createRepeats() : undefined,
    stepMs,
  }
}

function sayRepeats(repeats: Repeats | undefined, overlaps: Overlaps | undefined): void {
  const dropped = repeats?.count() ?? 0
  if (dropped > 0) say(`${linesText(dropped)} came twice and counted once`)
  const found = overlaps?.count() ?? 0
  if (found === 0) return
  const more = overlaps!.isFull() ? ', and there may be more' : ''
  say(`${linesText(found)} came twice (same time and request id)${more}; --dedupe counts them once`)
}

function linesText(n: number): string {
  return `${countText(n)} ${n === 1 ? 'line' : 'lines'}`
}

async function reporterOf(
  options: LocalOptions,
  run: Run,
  inputs: readonly string[],
  style: OutputStyle,
): Promise<Reporter> {
  const { intervalMs, html } = options
  const { isTTY } = process.stdout
  if (html !== undefined) {
    const { reportHtml } = await import('./html.ts')
    const tell = (view: ReportView) => reportView(view, options, run, style, isTTY, write)
    return reportHtml(options, run, html, KEEP_OF_FILES, tell)
  }
  if (intervalMs === undefined) return reportWhole(options, run, style, isTTY, write)
  const keep = inputs.some(isTail) ? 1 : KEEP_OF_FILES
  return reportIntervals(options, run, intervalMs, style, keep, write)
}

/** A log that comes through a pipe to a terminal that can be painted is watched. */
function wantsBoard(
  options: LocalOptions,
  inputs: readonly string[],
  env: Readonly<NodeJS.ProcessEnv>,
): boolean {
  const { json, csv, intervalMs, html } = options
  if (json || csv || intervalMs !== undefined || html !== undefined) return false
  if (!process.stdout.isTTY || env['TERM'] === 'dumb') return false
  const isTyped = inputs[0] === STDIN && process.stdin.isTTY
  return inputs.length === 1 && isTail(inputs[0]!) && !isTyped
}

function write(text: string): void {
  process.stdout.write(text)
}

/** The exit code of a run that came to its end, with the reason on stderr. */
function judge(
  options: LocalOptions,
  view: ReportView,
  counts: readonly InputCount[],
  faults: number,
): number {
  const { failed, unchecked } = checkThresholds(options.thresholds, view)
  for (const message of unchecked) say(`--fail-if ${message}`)
  for (const message of failed) say(`--fail-if ${message}`)
  if (options.json || options.csv || options.intervalMs !== undefined) {
    refusedSentences(view).forEach(say)
  }
  const foreign = counts.filter(({ read, malformed }) => malformed * 2 > read)
  foreign.forEach(sayForeign)
  if (faults > 0) return EXIT.fault
  if (foreign.length > 0) return EXIT.nothing
  if (counts.every(({ isEmpty }) => isEmpty)) {
    say('nothing understood: the input is empty; heroku logs -n 1500 -a APP | l2met-local')
    return EXIT.nothing
  }
  sayWhatIsMissing(view, counts)
  return failed.length > 0 ? EXIT.threshold : EXIT.done
}

/** Most lines of an input aren't Heroku's. */
function sayForeign({ path, read, malformed, sample }: InputCount): void {
  const all = malformed === read ? 'no line' : `only ${linesText(read - malformed)} of ${read}`
  const name = path === STDIN ? '' : `${printable(path)}: `
  say(`${name}nothing understood: ${all} can be read; ${hintFor(sample)}`)
}

/** Lines were read, and there is next to nothing to report. */
function sayWhatIsMissing({ report }: ReportView, counts: readonly InputCount[]): void {
  const { read = 0, app = 0, malformed = 0 } = report.lines
  if (read === 0) {
    say('no line is left of those that were read: see --since, --until and --where app=')
    return
  }
  const { measure, count, sample, unique } = report
  const own = [measure, count, sample, unique].some((one) => Object.keys(one).length > 0)
  if (app + malformed === read && app > 0 && !own) say(hintForApp(counts[0]!.sample))
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
