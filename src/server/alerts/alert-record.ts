import { NO_VERSION, type Store } from '../../store/store.ts'
import type { AlertEntry, AlertMessageState } from './alert-state.ts'

/** A message on its way to the webhook. */
export interface OutgoingMessage {
  readonly alert: string
  readonly state: AlertMessageState
  readonly value: number | null
  /** When the alert began to hold, and when the message was made; ms since 1970. */
  readonly since: number
  readonly at: number
  readonly attempts: number
  readonly nextAt: number
}

/** What the store keeps of the alerts of one app, as JSON. */
export interface AlertRecord {
  readonly entries: readonly AlertEntry[]
  readonly outgoing: readonly OutgoingMessage[]
}

const KEY = 'alerts'
/** An app that is silent for longer has no alerts. */
const TTL_MS = 7 * 86_400_000

export interface ReadAlertRecord extends AlertRecord {
  readonly version: number
}

export async function readAlertRecord(store: Store, app: string): Promise<ReadAlertRecord> {
  const { version, value } = await store.record(app, KEY, NO_VERSION, undefined, 0)
  return { version, ...parseRecord(value) }
}

/** Whether it was written: false when somebody else was first. */
export async function writeAlertRecord(
  store: Store,
  app: string,
  version: number,
  { entries, outgoing }: AlertRecord,
): Promise<boolean> {
  const value = Buffer.from(JSON.stringify({ entries, outgoing }))
  return (await store.record(app, KEY, version, value, TTL_MS)).isWritten
}

/** What can't be read is as if it weren't there: the alert is then judged anew. */
function parseRecord(value: Uint8Array | undefined): AlertRecord {
  if (value === undefined) return EMPTY
  try {
    const { entries, outgoing } = JSON.parse(Buffer.from(value).toString()) as AlertRecord
    return Array.isArray(entries) && Array.isArray(outgoing) ? { entries, outgoing } : EMPTY
  } catch {
    return EMPTY
  }
}

const EMPTY: AlertRecord = { entries: [], outgoing: [] }
