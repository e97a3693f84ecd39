import { type Accumulator, addEvent, countOne, countValue, sample } from '../model/accumulator.ts'
import { DROPPED } from '../model/coverage.ts'
import { type Line, textOf } from '../model/line.ts'
import { cleanText } from '../model/series.ts'
import { type WindowEvent } from '../model/window.ts'
import { type AppState, countedDyno, seriesOf } from './app-state.ts'

// These lines are rare, so they are read as text; what is looked at is short, whatever was sent.
const MAX_TEXT = 512
const MIB = 2 ** 20
const QUOTA_STEP = 128 * MIB

/**
 * Measures what the dyno manager says of a dyno (SPEC.md sections 2.2 and 4): R codes, memory over
 * quota, states. False when the line says nothing that is measured.
 */
export function extractDynoLine(state: AppState, line: Line, acc: Accumulator): boolean {
  const text = messageText(line)
  const dyno = cleanText(textOf(line.bytes, line.procStart, line.procEnd))
  const error = /^Error (R\d\d)\b/.exec(text)
  if (error !== null) {
    countOne(
      acc,
      seriesOf(
        state,
        'count',
        'dyno/errors',
        '',
        labels({ code: error[1]!, dyno: countedDyno(dyno) }),
      ),
    )
    note(state, acc, line, 'error', `${dyno} ${error[1]}`)
    return true
  }
  const memory = /^Process running mem=(\d+)MB?\((\d+(?:\.\d+)?)%\)/.exec(text)
  if (memory !== null)
    return noteMemory(state, line, acc, dyno, Number(memory[1]), Number(memory[2]))
  const event = dynoEvent(text)
  if (event === undefined) return false
  const type = /^[^.]+/.exec(dyno)?.[0] ?? dyno
  const eventLabels = labels({ dyno_type: dynoType(type), event })
  countOne(acc, seriesOf(state, 'count', 'dyno/events', '', eventLabels))
  if (event === 'crashed') note(state, acc, line, 'crash', dyno)
  if (event === 'cycling' || event === 'restarting') note(state, acc, line, 'restart', dyno)
  return true
}

/** Measures what the platform API says: releases and scaling. Their texts hold e-mails: never kept. */
export function extractApiLine(state: AppState, line: Line, acc: Accumulator): boolean {
  const text = messageText(line)
  const release = /^Release v(\d{1,9}) created\b/.exec(text)
  if (release !== null) {
    countOne(acc, seriesOf(state, 'count', 'release/count', '', []))
    sample(acc, seriesOf(state, 'sample', 'release/version', '', []), Number(release[1]), line.time)
    note(state, acc, line, 'release', `v${release[1]}`)
    return true
  }
  const scale = /^Scaled? to ([\w@:=.,\s-]{1,400}?) by /.exec(text)
  if (scale === null) return false
  note(state, acc, line, 'scale', cleanText(scale[1]!))
  return true
}

/**
 * Counts the messages that Logplex or log-shuttle says it dropped (SPEC.md section 1.7): L10 in both
 * wordings, L11, L12, L13.
 */
export function extractNotice(state: AppState, line: Line, acc: Accumulator): boolean {
  const text = messageText(line)
  const code = /^(?:Error )?(L\d\d)\b/.exec(text)?.[1]
  if (code === undefined) return false
  const dropped = /(\d{1,12}) messages? (?:dropped|lost)|dropped (\d{1,12}) messages?/.exec(text)
  const count = Number(dropped?.[1] ?? dropped?.[2] ?? 0)
  countValue(acc, seriesOf(state, 'count', DROPPED, '', [['code', code]]), count)
  return true
}

const STATES = new Set(['created', 'provisioning', 'starting', 'up', 'down', 'crashed', 'complete'])

function dynoEvent(text: string): string | undefined {
  const change = /^State changed from (\w+) to (\w+)/.exec(text)
  if (change !== null) {
    if (change[1] === 'up' && change[2] === 'starting') return 'restarting'
    return STATES.has(change[2]!) ? change[2] : undefined
  }
  const exit = /^Process exited(?: with status (\d+))?/.exec(text)
  if (exit !== null) return 'exited'
  if (/^Stopping (?:all processes|process) with SIGKILL/.test(text)) return 'killed'
  if (/^Stopping (?:all processes|process) with SIGTERM/.test(text)) return 'stopping'
  if (text.startsWith('Cycling')) return 'cycling'
  if (text.startsWith('Restarting')) return 'restarting'
  if (text.startsWith('Idling')) return 'idling'
  return text.startsWith('Unidling') ? 'unidling' : undefined
}

/** `web.1`, `statement_builder.2` and Fir's `web-5d9f8c6b7d-abcde` to their process type. */
function dynoType(name: string): string {
  return name.replace(/-[0-9a-z]+-[0-9a-z]{5}$/, '')
}

// `mem=870M(170.1%)` tells the quota too: 870 / 1.701, which is 512.
function noteMemory(
  state: AppState,
  line: Line,
  acc: Accumulator,
  dyno: string,
  mebibytes: number,
  percent: number,
): boolean {
  const bytes = mebibytes * MIB
  const dynoLabel = labels({ dyno })
  sample(acc, seriesOf(state, 'sample', 'dyno/memory_total', 'bytes', dynoLabel), bytes, line.time)
  const quota = Math.round(bytes / (percent / 100) / QUOTA_STEP) * QUOTA_STEP
  if (percent > 0 && quota > 0) {
    sample(
      acc,
      seriesOf(state, 'sample', 'dyno/memory_quota', 'bytes', dynoLabel),
      quota,
      line.time,
    )
  }
  return true
}

function note(
  { table: { app } }: AppState,
  acc: Accumulator,
  line: Line,
  kind: WindowEvent['kind'],
  text: string,
): void {
  const event = { time: line.time, kind, text }
  addEvent(acc, app === '' ? event : { ...event, app })
}

function labels(values: Record<string, string>): [string, string][] {
  return Object.entries(values)
}

function messageText(line: Line): string {
  const end = Math.min(line.messageEnd, line.messageStart + MAX_TEXT)
  return textOf(line.bytes, line.messageStart, end)
}
