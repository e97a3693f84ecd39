import { type FormationAdvice, adviseFormation } from './advice.ts'
import { DYNO_TYPES, DYNO_TYPES_DATE, type DynoType } from './dyno-types.ts'
import type { MeasuredApp } from './measured.ts'

/** What the user knows better than the logs. */
export interface FormationInput {
  /** Processes that run in each dyno now (WEB_CONCURRENCY of the app), at least 1. */
  readonly processesPerDyno: number
  /** Requests that a process serves at a time, at least 1. */
  readonly threadsPerProcess: number
  /** Room above the busiest minute: 0.25 is a quarter more. */
  readonly headroom: number
  /** Bytes of a process, and how many are required, instead of what was measured. */
  readonly ram: number | undefined
  readonly processes: number | undefined
}

/** The answer of `/api/formation` and `l2met formation --json`. */
export interface Formation extends FormationAdvice {
  readonly app: string | null
  readonly processesPerDyno: number
  readonly threadsPerProcess: number
  readonly headroom: number
  /** Bytes of a process; null where nothing says. */
  readonly ramPerProcess: number | null
  readonly requiredProcesses: number | null
  readonly measured: MeasuredApp | null
  readonly warnings: readonly { readonly kind: string; readonly text: string }[]
  /** When the table of dyno types was compared with its sources; null for a table of the user's. */
  readonly pricesOf: string | null
}

export const DEFAULT_HEADROOM = 0.25

/** With fewer of them the busiest minute of a day has hardly been seen. */
const ENOUGH_MINUTES = 60
const ENOUGH_REQUESTS = 1000

/**
 * Advice from what was measured, what the user says, or both: RAM of a process = peak rss of a dyno /
 * processes in it; required processes = ceil(concurrency of the busiest minute x (1 + headroom) /
 * threads). `prices` replaces the table of dyno types.
 */
export function createFormation(
  app: string | undefined,
  measured: MeasuredApp | undefined,
  input: FormationInput,
  prices?: readonly DynoType[],
): Formation {
  const { processesPerDyno, threadsPerProcess, headroom } = input
  const peak = measured?.memory?.rss
  const ram = input.ram ?? (peak === undefined ? undefined : peak / processesPerDyno)
  const concurrency = measured?.busiest?.concurrency
  const processes = input.processes ?? requiredProcesses(concurrency, headroom, threadsPerProcess)
  const advice =
    ram === undefined || processes === undefined
      ? { types: [], best: null }
      : adviseFormation({ ram, processes }, prices ?? DYNO_TYPES)
  return {
    app: app ?? null,
    ...advice,
    processesPerDyno,
    threadsPerProcess,
    headroom,
    ramPerProcess: ram ?? null,
    requiredProcesses: processes ?? null,
    measured: measured ?? null,
    warnings: [...(measured?.warnings ?? []), ...gapsOf(measured, input)],
    pricesOf: prices === undefined ? DYNO_TYPES_DATE : null,
  }
}

function requiredProcesses(
  concurrency: number | undefined,
  headroom: number,
  threads: number,
): number | undefined {
  if (concurrency === undefined) return undefined
  return Math.max(1, Math.ceil((concurrency * (1 + headroom)) / threads))
}

/** What is missing, or too little to go by. */
function gapsOf(
  measured: MeasuredApp | undefined,
  { ram, processes }: FormationInput,
): { kind: string; text: string }[] {
  if (measured === undefined) return []
  const gaps: { kind: string; text: string }[] = []
  if (ram === undefined && measured.memory === null)
    gaps.push({
      kind: 'no-memory',
      text: 'no dyno reported its memory; run `heroku labs:enable log-runtime-metrics`, or set --ram',
    })
  if (processes !== undefined) return gaps
  const { busiest, minutes, requests } = measured
  if (busiest === null)
    gaps.push({
      kind: 'no-requests',
      text: 'no minute with a timed request is over yet; wait, or set --processes',
    })
  else if (minutes < ENOUGH_MINUTES || requests < ENOUGH_REQUESTS)
    gaps.push({
      kind: 'too-little-data',
      text: `too little data (${requests} requests in ${minutes} min): a day or a week has a far busier minute`,
    })
  return gaps
}
