import { createCell, mergeCell } from '../model/cell.ts'
import { APP_LABEL } from '../model/series-table.ts'
import { label, parseSeriesKey, seriesKey } from '../model/series.ts'
import type { Window } from '../model/window.ts'

/** What a route of an app ('' for lines that name none) is called by all that was learned. */
export type RouteName = (app: string, template: string) => string

/**
 * A window whose requests were counted before all was learned, with the routes that they have now: routes that
 * fold into one are added up. It shares cells with the window that is given, which stays as it is.
 */
export function settleRoutes(window: Window, nameOf: RouteName): Window {
  const cells: Window['cells'] = new Map()
  const own = new Set<string>()
  let isSame = true
  for (const [key, cell] of window.cells) {
    const settled = settledKey(key, nameOf)
    if (settled !== key) isSame = false
    const known = cells.get(settled)
    if (known === undefined) {
      cells.set(settled, cell)
      continue
    }
    const sum = own.has(settled) ? known : createCell(cell.kind)
    if (!own.has(settled)) mergeCell(sum, known)
    mergeCell(sum, cell)
    own.add(settled)
    cells.set(settled, sum)
  }
  return isSame ? window : { ...window, cells }
}

function settledKey(key: string, nameOf: RouteName): string {
  const at = key.startsWith('route/', key.indexOf('\0') + 1) ? key.indexOf(ROUTE) : -1
  if (at < 0) return key
  // Of a hundred thousand series few change: the others aren't taken apart.
  const [template = ''] = key.slice(at + ROUTE.length).split('\0', 1)
  const app = key.includes(APP) ? label(parseSeriesKey(key), APP_LABEL) : ''
  const name = nameOf(app, template)
  if (name === template) return key
  const series = parseSeriesKey(key)
  const labels = series.labels.map(([label, value]) =>
    label === 'route' ? ([label, name] as const) : ([label, value] as const),
  )
  return seriesKey({ ...series, labels })
}

const ROUTE = '\0route\0'
const APP = `\0${APP_LABEL}\0`
