import { countedDyno, isAddon } from '../../extract/app-state.ts'
import type { Cell } from '../../model/cell.ts'
import { type Series, headLength, parseSeriesKey, splitName } from '../../model/series.ts'
import { FAMILIES, type FamilySpec } from './families.ts'
import type { LabelText, SampleRow } from './family.ts'
import { createByteCache } from './byte-cache.ts'
import { withLabel } from './labels.ts'
import { type OwnMetric, ownMetric } from './own-names.ts'
import { labelOfKey, labelsOfKey, shownLabelsOfKey } from './series-key.ts'

/**
 * Where the series of one app are shown and under which labels. It is kept from scrape to scrape:
 * to read keys and to sort labels takes several times longer than to read and to write the values.
 */
export interface AppRows {
  readonly app: string
  /** The label that all of them have. */
  readonly label: LabelText
  /** The keys of its series, in the order of its lifetime window. */
  keys: readonly string[]
  /** By the heads of keys. */
  readonly places: Map<string, Place>
  /** Those that series of the router and of dynos name, as they are counted. */
  dynos: ReadonlySet<string>
}

/** Where series of one kind, unit and name are shown. */
export interface Place {
  readonly series: Pick<Series, 'kind' | 'unit' | 'name'>
  /** What they are where log lines named them. */
  readonly metric: OwnMetric | undefined
  readonly namesDyno: boolean
  /** The family of the table, if they are in it. */
  readonly spec: FamilySpec | undefined
  /** Sorted by labels, then keys. */
  rows: readonly Row[]
  /** Series that have no row yet, by their places among the keys. */
  fresh: number[]
}

/** One series. */
export interface Row extends SampleRow {
  readonly key: string
  /** Its place among the keys. */
  at: number
  readonly labels: LabelText
  /** '' when it names none. */
  readonly dyno: string
}

const SPECS: readonly FamilySpec[] = FAMILIES
const SHOWN = new Map(SPECS.flatMap((spec) => (spec.series ? [[spec.series, spec]] : [])))
const NAME_DYNOS = new Set(['router', 'dyno'])

export function createAppRows(app: string): AppRows {
  return {
    app,
    label: withLabel('', 'app', app),
    keys: [],
    places: new Map(),
    dynos: new Set(),
  }
}

/** Drops the rows of series that are gone, and takes down those that came. Gives the values by `at`. */
export function matchSeries(rows: AppRows, cells: ReadonlyMap<string, Cell>): readonly Cell[] {
  if (!isSame(rows.keys, cells)) matchKeys(rows, [...cells.keys()])
  return [...cells.values()]
}

/** Makes the rows that are missing. */
export function addRows(rows: AppRows): void {
  for (const place of rows.places.values()) {
    if (place.fresh.length === 0) continue
    const made = place.fresh.map((at) => rowOf(rows, place, at))
    // What is sorted already costs a sort next to nothing.
    place.rows = [...place.rows, ...made].toSorted(inOrder)
    place.fresh = []
  }
}

function isSame(keys: readonly string[], cells: ReadonlyMap<string, Cell>): boolean {
  if (keys.length !== cells.size) return false
  let at = 0
  for (const key of cells.keys()) if (key !== keys[at++]) return false
  return true
}

function matchKeys(rows: AppRows, keys: readonly string[]): void {
  const { places } = rows
  const missing = new Map(keys.map((key, at) => [key, at]))
  for (const place of places.values()) {
    place.rows = place.rows.filter((row) => {
      row.at = missing.get(row.key) ?? -1
      return missing.delete(row.key)
    })
    place.fresh = []
  }
  for (const [key, at] of missing) placeOf(places, key).fresh.push(at)
  for (const [head, { rows, fresh }] of places)
    if (rows.length === 0 && fresh.length === 0) places.delete(head)
  rows.keys = keys
  rows.dynos = dynosOf(rows)
}

function placeOf(places: Map<string, Place>, key: string): Place {
  const head = key.slice(0, headLength(key))
  let place = places.get(head)
  if (place === undefined) places.set(head, (place = newPlace(head)))
  return place
}

function newPlace(head: string): Place {
  const { kind, unit, name } = parseSeriesKey(head)
  const [namespace] = splitName(name)
  return {
    series: { kind, unit, name },
    metric: namespace === 'app' || isAddon(namespace) ? ownMetric({ kind, unit, name }) : undefined,
    namesDyno: NAME_DYNOS.has(namespace),
    spec: SHOWN.get(name),
    rows: [],
    fresh: [],
  }
}

function rowOf(rows: AppRows, place: Place, at: number): Row {
  const key = rows.keys[at]!
  const head = headLength(key)
  const dyno = place.namesDyno ? labelOfKey(key, head, 'dyno') : ''
  const kept = place.series.kind === 'measure' ? createByteCache() : undefined
  return { key, at, labels: labelsOf(rows, place, key, head), dyno, kept, pairs: '' }
}

function labelsOf(
  { label }: AppRows,
  { metric, spec }: Place,
  key: string,
  head: number,
): LabelText {
  if (metric !== undefined) return shownLabelsOfKey(label, key, head)
  // Without labels of its own there is nothing that a full table could fold.
  return spec !== undefined && spec.labels.length > 0 ? labelsOfKey(label, key, head) : label
}

function dynosOf({ keys, places }: AppRows): ReadonlySet<string> {
  const dynos = new Set<string>()
  for (const { namesDyno, rows, fresh } of places.values()) {
    if (!namesDyno) continue
    for (const { dyno } of rows) dynos.add(countedDyno(dyno))
    for (const at of fresh)
      dynos.add(countedDyno(labelOfKey(keys[at]!, headLength(keys[at]!), 'dyno')))
  }
  dynos.delete('')
  return dynos
}

/** All that scrape an app see it in one order, whenever they began. */
function inOrder(a: Row, b: Row): number {
  if (a.labels !== b.labels) return a.labels < b.labels ? -1 : 1
  return a.key < b.key ? -1 : 1
}

/** The rows of all apps, from scrape to scrape. */
export interface RowCache {
  /** Those of apps, new ones for an app that has none. */
  of(apps: readonly string[]): AppRows[]
  /** Keeps these and forgets all others. */
  keep(rows: readonly AppRows[]): void
}

/** So many series; those of the apps that find no room are made for each scrape. Some 12 MB. */
const MAX_ROWS = 50_000

export function createRowCache(maxRows = MAX_ROWS): RowCache {
  let kept = new Map<string, AppRows>()
  return {
    of: (apps) => apps.map((app) => kept.get(app) ?? createAppRows(app)),
    keep: (rows) => {
      kept = new Map()
      let room = maxRows
      for (const one of rows) {
        const count = one.keys.length
        if (count > room) continue
        kept.set(one.app, one)
        room -= count
      }
    },
  }
}
