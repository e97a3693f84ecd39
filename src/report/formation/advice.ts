import type { DynoType } from './dyno-types.ts'

/** Processes that an app needs, and what one of them takes. */
export interface Demand {
  /** Bytes of memory of one process, above 0. */
  readonly ram: number
  /** How many have to run, at least 1. */
  readonly processes: number
}

/** A dyno type for that demand. */
export interface FormationRow {
  readonly type: string
  /** Bytes. */
  readonly ram: number
  /** US dollars a month for a dyno. */
  readonly price: number
  /** Processes that fit into a dyno; 0 when not even one does. */
  readonly perDyno: number
  /** Dynos that are needed, null when no process fits; what they cost a month, null when they can't be rented. */
  readonly dynos: number | null
  readonly total: number | null
  /** Dollars a month for a required process, to the cent. */
  readonly costPerProcess: number | null
  /** Why it doesn't qualify; null when it does. */
  readonly unfit: string | null
}

export interface FormationAdvice {
  readonly types: readonly FormationRow[]
  /** The cheapest type that qualifies, the first of the table where several cost the same; null without any. */
  readonly best: string | null
}

/**
 * Compares dyno types: processes in a dyno = floor(dyno RAM / process RAM), dynos = ceil(required /
 * that), best = the lowest total.
 */
export function adviseFormation(demand: Demand, dynoTypes: readonly DynoType[]): FormationAdvice {
  const types = dynoTypes.map((type) => formationRow(demand, type))
  const sleeping = new Set(dynoTypes.filter(({ sleeps }) => sleeps).map(({ name }) => name))
  let best: FormationRow | undefined
  for (const row of types) {
    if (row.unfit !== null || row.total === null || sleeping.has(row.type)) continue
    if (best === undefined || row.total < best.total!) best = row
  }
  return { types, best: best?.type ?? null }
}

function formationRow({ ram, processes }: Demand, type: DynoType): FormationRow {
  const perDyno = Math.floor(type.ram / ram)
  const { name, price } = type
  const row = { type: name, ram: type.ram, price, perDyno }
  if (perDyno === 0)
    return {
      ...row,
      dynos: null,
      total: null,
      costPerProcess: null,
      unfit: 'a process does not fit',
    }
  const dynos = Math.ceil(processes / perDyno)
  if (type.isSingle === true && dynos > 1)
    return { ...row, dynos, total: null, costPerProcess: null, unfit: 'only one such dyno can run' }
  const total = roundCents(dynos * price)
  const costPerProcess = roundCents(total / processes)
  return { ...row, dynos, total, costPerProcess, unfit: type.sleeps === true ? 'it sleeps' : null }
}

function roundCents(dollars: number): number {
  return Math.round(dollars * 100 + 1e-6) / 100
}
