import type { Stats } from '../../report/stats.ts'

/** What routes and groups can be sorted by: how often, how slow, how often failed, or all the time they took. */
export const ROUTE_ORDERS = ['requests', 'p95', 'errors', 'total'] as const
export type RouteOrder = (typeof ROUTE_ORDERS)[number]

/** How much and how fast, for anything that requests are counted by. */
export interface Counted {
  readonly count: number
  readonly errors: number
  readonly service: Stats | null
}

/** Most first; where that is the same, the more frequent first. */
export function sortCounted<Row extends Counted>(rows: readonly Row[], order: RouteOrder): Row[] {
  return rows.toSorted((a, b) => weightOf(b, order) - weightOf(a, order) || b.count - a.count)
}

export function weightOf({ count, errors, service }: Counted, order: RouteOrder): number {
  if (order === 'requests') return count
  if (order === 'errors') return errors
  if (service === null) return 0
  return order === 'p95' ? service.p95 : service.mean * service.count
}
