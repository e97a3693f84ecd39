import { countedDyno, isAddon } from '../../extract/app-state.ts'
import type { Cell } from '../../model/cell.ts'
import { type Series, headLength, parseSeriesKey, splitName } from '../../model/series.ts'
import { FAMILIES, type FamilySpec } from './families.ts'
import type { LabelText } from './family.ts'
import { withLabel } from './labels.ts'
import { type OwnMetric, ownMetric } from './own-names.ts'
import { labelOfKey, labelsOfKey, shownLabelsOfKey } from './series-key.ts'

/** The series of one app, where and under which labels they are shown. */
export interface AppRows {
  readonly app: string
  /** The label that all of them have. */
  readonly label: LabelText
  /** By the heads of keys. */
  readonly places: ReadonlyMap<string, Place>
  /** Those that series of the router and of dynos name, as they are counted. */
  readonly dynos: ReadonlySet<string>
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
  readonly rows: Row[]
}

/** One series. */
export interface Row {
  readonly key: string
  readonly cell: Cell
  readonly labels: LabelText
  /** '' when it names none. */
  readonly dyno: string
}

const SPECS: readonly FamilySpec[] = FAMILIES
const SHOWN = new Map(SPECS.flatMap((spec) => (spec.series ? [[spec.series, spec]] : [])))
const NAME_DYNOS = new Set(['router', 'dyno'])

/** The rows of an app's totals. */
export function rowsOf(app: string, cells: ReadonlyMap<string, Cell>): AppRows {
  const label = withLabel('', 'app', app)
  const places = new Map<string, Place>()
  const dynos = new Set<string>()
  for (const [key, cell] of cells) {
    const place = placeOf(places, key)
    const head = headLength(key)
    const dyno = place.namesDyno ? labelOfKey(key, head, 'dyno') : ''
    if (dyno !== '') dynos.add(countedDyno(dyno))
    place.rows.push({ key, cell, labels: labelsOf(label, place, key, head), dyno })
  }
  for (const { rows } of places.values()) rows.sort(inOrder)
  return { app, label, places, dynos }
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
  }
}

function labelsOf(label: LabelText, { metric, spec }: Place, key: string, head: number): LabelText {
  if (metric !== undefined) return shownLabelsOfKey(label, key, head)
  // Without labels of its own there is nothing that a full table could fold.
  return spec !== undefined && spec.labels.length > 0 ? labelsOfKey(label, key, head) : label
}

/** All that scrape an app see it in one order, whenever they began. */
function inOrder(a: Row, b: Row): number {
  if (a.labels !== b.labels) return a.labels < b.labels ? -1 : 1
  return a.key < b.key ? -1 : 1
}
