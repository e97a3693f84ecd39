import type { FastifyBaseLogger } from 'fastify'
import { WIDTH_10S } from '../../model/window-reader.ts'
import { type Expression, spanOf } from '../../report/expression/expression.ts'
import { createReadings } from '../../report/expression/readings.ts'
import { NO_VERSION, type Store } from '../../store/store.ts'
import {
  type OutgoingMessage,
  type ReadAlertRecord,
  readAlertRecord,
  writeAlertRecord,
} from './alert-record.ts'
import { type AlertEntry, createEntry, isSameState, nextStep } from './alert-state.ts'
import { alertText } from './alert-text.ts'
import { type Webhook, WebhookError } from './webhook.ts'

export interface AlertLoop {
  stop(): Promise<void>
}

export interface AlertOptions {
  readonly store: Store
  readonly alerts: readonly Expression[]
  readonly webhook: Webhook | undefined
  /** Whether a release mutes its app's alerts for two minutes. */
  readonly mutesReleases: boolean
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn' | 'error'>
  /** Keeps `l2met_alert_active` of an app in the store. */
  readonly setActive: (app: string, alert: string, isActive: boolean) => Promise<void>
}

const EVERY_MS = 10_000
/** The process that judges holds a lease for so long: nobody else for two rounds and a half. */
const LEASE_MS = 25_000
const LEASE_APP = '(alerts)'
const LEASE_KEY = 'leader'
/** An app that has been silent for longer is left alone, so that its `silent` alert has long been sent. */
const FORGOTTEN_MS = 24 * 3_600_000
const RELEASE_MUTE_MS = 2 * 60_000
const MAX_ATTEMPTS = 6
const FIRST_RETRY_MS = 10_000
const MAX_OUTGOING = 20
const REMOVE_TRIES = 5

/** Judges all alerts of all apps every 10 s, in one process of those that share the store. */
export function startAlerts(options: AlertOptions): AlertLoop {
  const { log } = options
  const owner = Buffer.from(`${process.pid}-${Math.random().toString(36).slice(2)}`)
  let isStopped = false
  let isAway = false
  let round: Promise<void> = Promise.resolve()

  const judgeAll = async () => {
    if (!(await holdsLease(options.store, owner))) return
    const now = options.store.clock()
    for (const [app, { last }] of await options.store.totals()) {
      if (isStopped) return
      if (Number.isFinite(last) && now - last < FORGOTTEN_MS) await judgeApp(options, app, last)
    }
  }

  const tick = () => {
    round = round.then(judgeAll).then(
      () => {
        if (isAway) log.info('alerts are judged again')
        isAway = false
      },
      (error: unknown) => {
        if (!isAway) log.warn({ err: error }, "alerts can't be judged: the store can't be read")
        isAway = true
      },
    )
  }
  const timer = setInterval(tick, EVERY_MS)
  timer.unref()

  return {
    stop: async () => {
      isStopped = true
      clearInterval(timer)
      await round
      await releaseLease(options.store, owner).catch(() => {})
    },
  }
}

/** Takes or renews the lease; false while another process has it. */
async function holdsLease(store: Store, owner: Buffer): Promise<boolean> {
  const { version, value } = await store.record(LEASE_APP, LEASE_KEY, NO_VERSION, undefined, 0)
  if (value !== undefined && !owner.equals(value)) return false
  return (await store.record(LEASE_APP, LEASE_KEY, version, owner, LEASE_MS)).isWritten
}

async function releaseLease(store: Store, owner: Buffer): Promise<void> {
  const { version, value } = await store.record(LEASE_APP, LEASE_KEY, NO_VERSION, undefined, 0)
  if (value !== undefined && owner.equals(value))
    await store.record(LEASE_APP, LEASE_KEY, version, undefined, 0)
}

/** Judges the alerts of one app, keeps their state, and sends what is due. */
export async function judgeApp(
  options: AlertOptions,
  app: string,
  lastLine: number,
): Promise<void> {
  const { store, alerts, webhook } = options
  const now = store.clock()
  const to = now - (now % WIDTH_10S)
  const span = Math.max(...alerts.map(spanOf), RELEASE_MUTE_MS)
  const readings = createReadings(alerts)
  await store.read(app, { width: WIDTH_10S, from: to - span, to }, [readings.reader])
  const record = await readAlertRecord(store, app)
  const isMuted = options.mutesReleases && readings.lastRelease() > now - RELEASE_MUTE_MS
  const entries: AlertEntry[] = []
  const outgoing: OutgoingMessage[] = [...record.outgoing]
  for (const expression of alerts) {
    const before = entryOf(record, expression.text)
    const verdict = readings.judge(expression, to, lastLine)
    const { entry, message } = nextStep(before, verdict, now, isMuted)
    entries.push(entry)
    if (message !== undefined && webhook !== undefined)
      outgoing.push({
        alert: expression.text,
        state: message,
        value: verdict.value,
        since: entry.since ?? before.since ?? now,
        at: now,
        attempts: 0,
        nextAt: now,
      })
  }
  const kept = outgoing.slice(-MAX_OUTGOING)
  const due = kept.filter(({ nextAt }) => nextAt <= now)
  if (!isChanged(record, entries) && due.length === 0) return
  // Claimed before anything is sent: whoever loses this race sends nothing.
  const claimed = kept.map((message) => (message.nextAt <= now ? claim(message, now) : message))
  const written = { entries, outgoing: claimed }
  if (!(await writeAlertRecord(store, app, record.version, written))) return
  await noteActive(options, app, record, entries)
  if (webhook === undefined) return
  const done: OutgoingMessage[] = []
  for (const message of due)
    if (await isSettled(options, webhook, app, claim(message, now))) done.push(message)
  if (done.length > 0) await removeDone(store, app, done)
}

/** Nobody else sends it until its next attempt. */
function claim(message: OutgoingMessage, now: number): OutgoingMessage {
  const delay = FIRST_RETRY_MS * 2 ** message.attempts
  return { ...message, attempts: message.attempts + 1, nextAt: now + delay }
}

function entryOf(record: ReadAlertRecord, alert: string): AlertEntry {
  return record.entries.find((entry) => entry.alert === alert) ?? createEntry(alert)
}

function isChanged(record: ReadAlertRecord, entries: readonly AlertEntry[]): boolean {
  if (record.entries.length !== entries.length) return true
  return entries.some((entry) => !isSameState(entry, entryOf(record, entry.alert)))
}

async function noteActive(
  { setActive }: AlertOptions,
  app: string,
  before: ReadAlertRecord,
  entries: readonly AlertEntry[],
): Promise<void> {
  for (const { alert, since } of entries) {
    const wasActive = entryOf(before, alert).since !== null
    if (wasActive !== (since !== null)) await setActive(app, alert, since !== null)
  }
}

/** Sends a message; true when it was delivered or is given up. */
async function isSettled(
  { alerts, log }: AlertOptions,
  webhook: Webhook,
  app: string,
  message: OutgoingMessage,
): Promise<boolean> {
  const expression = alerts.find(({ text }) => text === message.alert)
  if (expression === undefined) return true
  const details = { app, alert: message.alert, state: message.state, webhook: webhook.host }
  try {
    await webhook.post(bodyOf(webhook, app, message, expression))
    log.info(details, 'alert sent')
    return true
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const mayRetry = error instanceof WebhookError && error.isTemporary
    if (mayRetry && message.attempts < MAX_ATTEMPTS) {
      log.warn({ ...details, reason }, 'an alert could not be sent; it is tried again')
      return false
    }
    log.error({ ...details, reason }, 'an alert could not be sent, and is given up')
    return true
  }
}

/** Takes messages out of the record, whoever else writes it meanwhile. */
async function removeDone(
  store: Store,
  app: string,
  done: readonly OutgoingMessage[],
): Promise<void> {
  const isDone = ({ alert, state, at }: OutgoingMessage) =>
    done.some((one) => one.alert === alert && one.state === state && one.at === at)
  for (let tries = 0; tries < REMOVE_TRIES; tries += 1) {
    const { version, entries, outgoing } = await readAlertRecord(store, app)
    const left = outgoing.filter((message) => !isDone(message))
    if (left.length === outgoing.length) return
    if (await writeAlertRecord(store, app, version, { entries, outgoing: left })) return
  }
}

/** Slack takes a text alone; any other receiver gets the parts too. */
function bodyOf(
  { host }: Webhook,
  app: string,
  message: OutgoingMessage,
  expression: Expression,
): unknown {
  const text = alertText(app, message, expression)
  if (host === 'hooks.slack.com') return { text }
  return {
    text,
    app,
    alert: message.alert,
    state: message.state,
    value: message.value,
    since: new Date(message.since).toISOString(),
    time: new Date(message.at).toISOString(),
  }
}
