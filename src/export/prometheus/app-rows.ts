import type { Cell } from '../../model/cell.ts'
import { type Series, parseSeriesKey } from '../../model/series.ts'
import { FAMILIES, type FamilySpec } from './families.ts'
import type { LabelText } from './family.ts'
import { withLabel } from './labels.ts'
import {
  addLabelNames,
  headLength,
  labelOfKey,
  labelsOfKey,
  renamedLabelsOfKey,
} from './series-key.ts'

/**
 * Where the series of one app are shown and under which labels. It is kept from scrape to scrape:
 * to read keys and to sort labels takes several times longer than to read and to write the values.
 */
export interface AppRows {
  readonly app: string
  /** The label that all of them have. */
  readonly label: LabelText
  /** By the heads of keys. */
  readonly places: Map<string, Place>
  /** What log lines call the labels of the series that they name. */
  labelNames: ReadonlySet<string>
  /** What those are called in `places`. */
  shownNames: ReadonlyMap<string, string>
}

/** Where series of one kind, unit and name are shown. */
export interface Place {
  readonly series: Pick<Series, 'kind' | 'unit' | 'name'>
  /** Whether log lines named them. */
  readonly isOwn: boolean
  readonly namesDyno: boolean
  /** The family of the table, if they are in it. */
  readonly spec: FamilySpec | undefined
  /** Sorted by labels, then keys. */
  rows: readonly Row[]
  /** Keys of series that have no row yet. */
  fresh: string[]
}

/** One series. */
export interface Row {
  readonly key: string
  readonly labels: LabelText
  /** '' when it names none. */
  readonly dyno: string
}

const SPECS: readonly FamilySpec[] = FAMILIES
const SHOWN = new Map(SPECS.flatMap((spec) => (spec.series ? [[spec.series, spec]] : [])))
/** Namespaces of what log lines name. */
const OWN = new Set(['app', 'postgres', 'pgbouncer', 'redis'])
const NAME_DYNOS = new Set(['router', 'dyno'])

export function createAppRows(app: string): AppRows {
  return {
    app,
    label: withLabel('', 'app', app),
    places: new Map(),
    labelNames: new Set(),
    shownNames: new Map(),
  }
}

/** Drops the rows of series that are gone, and takes down the series that came. */
export function matchSeries(rows: AppRows, cells: ReadonlyMap<string, Cell>): void {
  const { places } = rows
  let kept = 0
  let isSame = true
  for (const place of places.values()) {
    place.fresh = []
    if (!place.rows.every(({ key }) => cells.has(key))) {
      place.rows = place.rows.filter(({ key }) => cells.has(key))
      isSame = false
    }
    kept += place.rows.length
  }
  if (isSame && kept === cells.size) return
  const known = new Set([...places.values()].flatMap((place) => place.rows.map(({ key }) => key)))
  for (const key of cells.keys()) if (!known.has(key)) placeOf(places, key).fresh.push(key)
  for (const [head, { rows, fresh }] of places)
    if (rows.length === 0 && fresh.length === 0) places.delete(head)
  rows.labelNames = labelNamesOf(places)
}

/** Makes the rows that are missing. `shownNames` is what names of labels become in all apps. */
export function addRows(rows: AppRows, shownNames: ReadonlyMap<string, string>): void {
  const before = rows.shownNames
  const isRenamed = [...rows.labelNames].some(
    (name) => before.has(name) && before.get(name) !== shownNames.get(name),
  )
  rows.shownNames = shownNames
  for (const place of rows.places.values()) {
    const known = place.isOwn && isRenamed ? [] : place.rows
    if (known === place.rows && place.fresh.length === 0) continue
    const keys = known === place.rows ? place.fresh : keysOf(place)
    const made = keys.map((key) => rowOf(rows, place, key))
    // What is sorted already costs a sort next to nothing.
    place.rows = [...known, ...made].toSorted(inOrder)
    place.fresh = []
  }
}

export function countRows({ places }: AppRows): number {
  let count = 0
  for (const { rows } of places.values()) count += rows.length
  return count
}

function placeOf(places: Map<string, Place>, key: string): Place {
  const head = key.slice(0, headLength(key))
  let place = places.get(head)
  if (place === undefined) places.set(head, (place = newPlace(head)))
  return place
}

function newPlace(head: string): Place {
  const { kind, unit, name } = parseSeriesKey(head)
  const namespace = name.slice(0, name.indexOf('/'))
  return {
    series: { kind, unit, name },
    isOwn: OWN.has(namespace),
    namesDyno: NAME_DYNOS.has(namespace),
    spec: SHOWN.get(name),
    rows: [],
    fresh: [],
  }
}

function rowOf({ label, shownNames }: AppRows, place: Place, key: string): Row {
  const head = headLength(key)
  const dyno = place.namesDyno ? labelOfKey(key, head, 'dyno') : ''
  if (place.isOwn) return { key, labels: renamedLabelsOfKey(label, key, head, shownNames), dyno }
  // Without labels of its own there is nothing that a full table could fold.
  const hasLabels = place.spec !== undefined && place.spec.labels.length > 0
  return { key, labels: hasLabels ? labelsOfKey(label, key, head) : label, dyno }
}

function labelNamesOf(places: ReadonlyMap<string, Place>): ReadonlySet<string> {
  const names = new Set<string>()
  for (const place of places.values()) {
    if (!place.isOwn) continue
    for (const key of keysOf(place)) addLabelNames(names, key, headLength(key))
  }
  return names
}

function keysOf({ rows, fresh }: Place): string[] {
  return [...rows.map(({ key }) => key), ...fresh]
}

/** All that scrape an app see it in one order, whenever they began. */
function inOrder(a: Row, b: Row): number {
  if (a.labels !== b.labels) return a.labels < b.labels ? -1 : 1
  return a.key < b.key ? -1 : 1
}
