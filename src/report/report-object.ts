import type { Stats } from './stats.ts'

/** Of a sample. */
export interface Extremes {
  readonly last: number
  readonly max: number
}

/** One app over one span of time, as `l2met-local --json` and `/api/report` give it: seconds, bytes, ratios. */
export interface Report {
  readonly app: string
  /** ISO 8601, UTC; null when no line carried a time. */
  readonly from: string | null
  readonly to: string | null
  readonly seconds: number
  readonly lines: Record<string, number>
  readonly requests: {
    readonly count: number
    readonly perSecond: number
    readonly peakPerSecond: number
    readonly status: Record<string, number>
    readonly methods: Record<string, number>
    readonly errors: Record<string, number>
  }
  readonly service: Stats | null
  readonly connect: Stats | null
  readonly bytes: Stats | null
  /** Times of sessions (status 101, and the routes of STREAMS), which are in no service time. */
  readonly sessions: Stats | null
  /** Times that requests waited for a process, where the app logs them. */
  readonly queue: Stats | null
  readonly coverage: Coverage
  readonly routes: readonly RouteReport[]
  readonly dynos: Record<string, DynoReport>
  readonly measure: Record<string, { readonly unit: string } & Stats>
  readonly count: Record<string, number>
  readonly sample: Record<string, Extremes & { readonly min: number }>
  readonly unique: Record<string, number>
  readonly addons: Record<string, Record<string, string | Extremes>>
  readonly events: readonly {
    readonly time: string
    readonly kind: string
    readonly text: string
  }[]
  readonly dropped: Record<string, number>
}

/** Lines that are in the numbers, and those that are not, by reason. */
export interface Coverage {
  /** Counted lines of all; 1 where there are none. */
  readonly ratio: number
  readonly counted: number
  readonly late: number
  readonly future: number
  readonly malformed: number
  readonly overLimit: number
  /** Lines that Logplex or log-shuttle said it dropped (L10 to L13). */
  readonly dropped: number
  /** Lines that `Logplex-Msg-Count` announced and the bodies didn't hold. */
  readonly missing: number
}

export interface RouteReport {
  /** In a stream of several apps. */
  readonly app?: string
  readonly method: string
  readonly route: string
  readonly count: number
  readonly errors: number
  readonly service: Stats | null
}

export interface DynoReport {
  readonly requests: number
  readonly service: Stats | null
  readonly memory: Record<string, Extremes>
  readonly load: Record<string, Extremes>
  readonly errors: Record<string, number>
}
