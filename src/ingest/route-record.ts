import type { Learned } from '../extract/learned/exchange.ts'
import { MARKS, MAX_STORED } from '../extract/learned/learned-routes.ts'
import { INNER, LAST, SLUG } from '../extract/learned/word.ts'
import { NO_VERSION, type Store } from '../store/store.ts'

/*
 * What the replicas know of an app's routes, in one record of the store: JSON as
 * docs/decisions/0018-learned-routes.md shows it.
 */

const KEY = 'routes'
/** The record of an app that is silent for longer is gone. */
const TTL_MS = 7 * 86_400_000
const FORMAT = 1
const MAX_POSITION = 256
const MAX_FOLDS = 10_000

export interface RouteRecord {
  readonly version: number
  /** As it is stored; '' where there is none or it can't be read. */
  readonly text: string
  readonly learned: Learned
  /** Whether a later version of this program wrote it: it is left alone. */
  readonly isNewer: boolean
}

/** Rejects when the store can't be reached. */
export async function readRouteRecord(store: Store, app: string): Promise<RouteRecord> {
  const { version, value } = await store.record(app, KEY, NO_VERSION, undefined, 0)
  const text = value === undefined ? '' : Buffer.from(value).toString()
  const learned = parseRecord(text)
  if (learned === 'newer') return { version, text, learned: NOTHING, isNewer: true }
  return {
    version,
    text: learned === undefined ? '' : text,
    learned: learned ?? NOTHING,
    isNewer: false,
  }
}

/** Whether it was written: false when another replica was first. */
export async function writeRouteRecord(
  store: Store,
  app: string,
  version: number,
  text: string,
): Promise<boolean> {
  return (await store.record(app, KEY, version, Buffer.from(text), TTL_MS)).isWritten
}

/** The same text for the same; '' for nothing. */
export function recordText({ folds, marks }: Learned): string {
  return folds.length + marks.length === 0 ? '' : JSON.stringify({ v: FORMAT, folds, marks })
}

const NOTHING: Learned = { folds: [], marks: [] }

/** Undefined for what isn't a record: the routes are learned again. */
export function parseRecord(text: string): Learned | 'newer' | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const { v, folds, marks } = (value ?? {}) as { v?: unknown; folds?: unknown; marks?: unknown }
  if (typeof v === 'number' && v > FORMAT) return 'newer'
  if (v !== FORMAT || !Array.isArray(folds) || !Array.isArray(marks)) return undefined
  if (folds.length > MAX_FOLDS || marks.length > MAX_STORED) return undefined
  return folds.every(isFold) && marks.every(isMarks) ? { folds, marks } : undefined
}

function isFold(value: unknown): value is Learned['folds'][number] {
  if (!Array.isArray(value) || value.length !== 3) return false
  const [position, kinds, since] = value as unknown[]
  const isPosition =
    typeof position === 'string' &&
    position.length <= MAX_POSITION &&
    /^\/(?:.*\/)?$/s.test(position)
  const isKinds = Number.isInteger(kinds) && (kinds as number) > 0 && (kinds as number) <= ALL
  return isPosition && isKinds && (since === null || Number.isFinite(since))
}

function isMarks(value: unknown): value is Learned['marks'][number] {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [hash, codes] = value as unknown[]
  const isHash = typeof hash === 'string' && /^[0-9a-f]{16}$/.test(hash)
  return isHash && Array.isArray(codes) && codes.length <= 3 * MARKS && codes.every(isCode)
}

function isCode(code: unknown): boolean {
  const kind = typeof code === 'number' && Number.isInteger(code) ? Math.floor(code / MARKS) : 0
  return kind === SLUG || kind === LAST || kind === INNER
}

const ALL = SLUG | LAST | INNER
