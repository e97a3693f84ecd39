/** One line that the model made, and what a reader should count of it. */
export interface Entry {
  /** Milliseconds since 1970, with a fraction of whole microseconds. */
  readonly time: number
  readonly app: 'app' | 'heroku'
  readonly proc: string
  readonly message: string
  readonly facts: readonly Fact[]
}

/** `amount` of something; the name says which. */
export type Fact = readonly [kind: FactKind, name: string, amount: number]

/**
 * What is counted: lines by class; requests by status, method, dyno, route (`GET /products/:id`) and
 * the failed of a route; H codes that are errors; milliseconds of service and bytes (names `count`
 * and `sum`); sums of `count#`; number and sum (base units) of `measure#`; releases; dyno errors
 * (`R14 web.3`) and events (`web crashed`); messages dropped, by L code.
 */
export type FactKind =
  | 'line'
  | 'status'
  | 'method'
  | 'dyno'
  | 'route'
  | 'routeError'
  | 'error'
  | 'service'
  | 'bytes'
  | 'count'
  | 'measure'
  | 'measureSum'
  | 'release'
  | 'dynoError'
  | 'dynoEvent'
  | 'dropped'

/** Sums of facts by kind and name. */
export type Totals = Map<FactKind, Map<string, number>>

export function createTotals(): Totals {
  return new Map()
}

export function addEntry(totals: Totals, entry: Entry): void {
  for (const [kind, name, amount] of entry.facts) add(totals, kind, name, amount)
}

/** One sum, 0 when nothing was added. */
export function total(totals: Totals, kind: FactKind, name: string): number {
  return totals.get(kind)?.get(name) ?? 0
}

/** The sums of one kind as [name, sum], sorted by name. */
export function totalsOf(totals: Totals, kind: FactKind): [string, number][] {
  return [...(totals.get(kind) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** All names of a kind together. */
export function sumOf(totals: Totals, kind: FactKind): number {
  let sum = 0
  for (const amount of totals.get(kind)?.values() ?? []) sum += amount
  return sum
}

function add(totals: Totals, kind: FactKind, name: string, amount: number): void {
  let sums = totals.get(kind)
  if (sums === undefined) totals.set(kind, (sums = new Map()))
  sums.set(name, (sums.get(name) ?? 0) + amount)
}
