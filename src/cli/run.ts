import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { STDIN } from '../input/files.ts'
import { type LocalOptions, parseLocalArgs } from './args.ts'
import { EXIT, say } from './output.ts'
import { UsageError } from '../parse/arguments.ts'
import { peek } from './log-span.ts'
import { canSplit, startThreads } from './threads.ts'

/** Runs `l2met-local` and gives its exit code. */
export async function runLocal(
  args: readonly string[],
  env: Readonly<NodeJS.ProcessEnv>,
): Promise<number> {
  let options: LocalOptions
  try {
    options = parseLocalArgs(args, env)
    checkTogether(options)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    say(error.message)
    return EXIT.usage
  }
  if (options.help) return print((await import('./help.ts')).HELP)
  if (options.version) return print(`${(await import('../model/version.ts')).readVersion()}\n`)
  const [first] = options.inputs
  if (first === undefined && process.stdin.isTTY) {
    process.stderr.write((await import('./help.ts')).HELP)
    return EXIT.usage
  }
  const known = peek(first === undefined ? [] : options.inputs)
  const threads =
    first !== undefined && canSplit(options) && known.isSuspicious !== true
      ? startThreads(first, { ...options, stepMs: known.stepMs })
      : undefined
  const { countAndReport } = await import('./reporter.ts')
  return countAndReport(options, env, known, threads)
}

function checkTogether(options: LocalOptions): void {
  if (options.inputs.filter((path) => path === STDIN).length > 1) {
    throw new UsageError("stdin ('-') can be read only once")
  }
  const { intervalMs, json, slow, by, html, csv } = options
  if (csv && (json || intervalMs !== undefined)) {
    const flag = json ? '--json' : '--interval'
    throw new UsageError(`--csv and ${flag} are two forms of output; leave one out`)
  }
  if (html !== undefined && intervalMs !== undefined) {
    throw new UsageError('--html and --interval are two ways to cut the log; leave one out')
  }
  if (html !== undefined) checkReplaced(html)
  if (intervalMs === undefined || json) return
  if (slow !== undefined || by !== undefined) {
    const flag = slow === undefined ? '--by' : '--slow'
    throw new UsageError(
      `${flag} has no place in the lines of --interval; add --json, or leave one out`,
    )
  }
}

/** Who forgets the name after --html gives it a log, which must not be overwritten. A log may take hours. */
function checkReplaced(html: string): void {
  const folder = dirname(html)
  if (!isFolder(folder)) throw new UsageError(`--html '${html}': there is no folder ${folder}`)
  if (isFolder(html)) throw new UsageError(`--html '${html}' is a folder; name a file in it`)
  if (isNoReport(html)) {
    throw new UsageError(`--html '${html}' is there already and no report; give it another name`)
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function isNoReport(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false
    const start = Buffer.alloc(HTML_START.length)
    const fd = openSync(path, 'r')
    const length = readSync(fd, start, 0, start.length, 0)
    closeSync(fd)
    return length > 0 && start.toString('latin1') !== HTML_START
  } catch {
    // Whether it can be written is seen when it is.
    return false
  }
}

const HTML_START = '<!doctype html>'

function print(text: string): number {
  process.stdout.write(text)
  return EXIT.done
}
