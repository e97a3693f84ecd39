import { MISSING } from '../../model/coverage.ts'
import { DYNO_GONE_MS } from '../../model/window-reader.ts'
import { RESPONSE_BYTES, SECONDS, SESSION_SECONDS } from './bucket-bounds.ts'
import type { FamilyType, FamilyUnit } from './family.ts'

/** One metric that is always named so; docs/METRICS.md is made from these. */
export interface FamilySpec {
  readonly name: string
  readonly type: FamilyType
  readonly unit: FamilyUnit
  readonly help: string
  /** Beside `app`. */
  readonly labels: readonly string[]
  /** The series of the model that it shows as they are; undefined where it is worked out. */
  readonly series?: string
  readonly bucketBounds?: readonly number[]
  /** False for what this process says of itself. */
  readonly hasApp?: false
  /** Gone this long after the last sample, ms. */
  readonly goneAfterMs?: number
  /** Label values that are there from an app's first line, by the last label. */
  readonly zeros?: readonly string[]
}

/** Add-ons write each minute to each five; an app as it likes. */
export const OWN_GONE_MS = 3_600_000

/** Said of every histogram. */
export const ABOUT_BUCKETS =
  'Bucket counts are taken at the boundary of our finer buckets nearest to le (within 1.1%); sum and count are exact.'

const GAUGE_WINDOW = 'in the last complete minute'

/** Sorted as they are shown. */
export const FAMILIES = [
  counter('heroku_router_requests_total', ['dyno', 'status'], {
    series: 'router/requests',
    help: 'Requests that the Heroku router logged. status is "none" where the router logged no status.',
  }),
  counter('heroku_router_errors_total', ['code'], {
    series: 'router/errors',
    help: 'Requests that the Heroku router reported as failed, by H code.',
    zeros: ['H10', 'H12', 'H13', 'H14', 'H18'],
  }),
  counter('heroku_router_failed_total', [], {
    help: 'Requests that failed: those with an H code of at=error, and without a code those with a status of 500 or more.',
  }),
  histogram('heroku_router_service_seconds', ['dyno'], {
    series: 'router/service',
    unit: 'seconds',
    bucketBounds: SECONDS,
    help: 'Time from the connection to the dyno until the end of its answer, in seconds (service= of the router).',
  }),
  histogram('heroku_router_session_seconds', [], {
    series: 'router/session',
    unit: 'seconds',
    bucketBounds: SESSION_SECONDS,
    help: 'Time of sessions, in seconds: WebSockets (status 101) and the routes of STREAMS. It is in no service time.',
  }),
  histogram('heroku_router_connect_seconds', ['dyno'], {
    series: 'router/connect',
    unit: 'seconds',
    bucketBounds: SECONDS,
    help: 'Time that the router took to connect to the dyno, in seconds (connect= of the router).',
  }),
  histogram('heroku_router_response_bytes', ['dyno'], {
    series: 'router/bytes',
    unit: 'bytes',
    bucketBounds: RESPONSE_BYTES,
    help: 'Size of the answers, in bytes (bytes= of the router).',
  }),
  counter('heroku_route_requests_total', ['method', 'route', 'status_class'], {
    series: 'route/requests',
    help: 'Requests by route: the path with its identifiers replaced by :id, and by :slug where a position takes ever new words. What has no place of its own is "(other)".',
  }),
  counter('heroku_route_errors_total', ['code', 'route'], {
    series: 'route/errors',
    help: 'Requests by route that the Heroku router reported as failed, by H code.',
  }),
  histogram('heroku_route_service_seconds', ['method', 'route'], {
    series: 'route/service',
    unit: 'seconds',
    bucketBounds: SECONDS,
    help: 'Service time by route, in seconds.',
  }),
  histogram('heroku_queue_seconds', [], {
    series: 'router/queue',
    unit: 'seconds',
    bucketBounds: SECONDS,
    help: 'Time that requests waited for a process of the app, in seconds, where the app logs it: wait= of rack-timeout, queue= or measure#queue with a unit of time.',
  }),
  gauge('heroku_router_requests_per_second', [], {
    help: `Requests per second ${GAUGE_WINDOW}.`,
  }),
  {
    name: 'heroku_router_service_window_seconds',
    type: 'summary',
    unit: 'seconds',
    labels: ['quantile'],
    help: `Quantiles of the service time of all dynos ${GAUGE_WINDOW}, in seconds; absent when there was no request. They can't be averaged: for other times and sums take heroku_router_service_seconds. sum and count are since the app's first line.`,
  },
  dynoBytes('total', 'Memory of the dyno: resident, cache and swap together'),
  dynoBytes('rss', 'Resident memory of the dyno'),
  dynoBytes('cache', 'Disk cache in the memory of the dyno'),
  dynoBytes('swap', 'Memory of the dyno that is swapped out'),
  dynoBytes('quota', 'Memory that the dyno may use before R14'),
  dynoGauge('heroku_dyno_memory_pgpgin_pages', 'dyno/memory_pgpgin', {
    help: 'Pages that the dyno read from disk since its start.',
  }),
  dynoGauge('heroku_dyno_memory_pgpgout_pages', 'dyno/memory_pgpgout', {
    help: 'Pages that the dyno wrote to disk since its start.',
  }),
  dynoLoad('1m', 'minute'),
  dynoLoad('5m', '5 minutes'),
  dynoLoad('15m', '15 minutes'),
  counter('heroku_dyno_errors_total', ['dyno', 'code'], {
    series: 'dyno/errors',
    help: 'Errors of a dyno that the platform reported, by R code.',
    zeros: ['R14', 'R15'],
  }),
  counter('heroku_dyno_request_errors_total', ['code', 'dyno'], {
    series: 'dyno/request_errors',
    help: 'Requests by dyno that the Heroku router reported as failed, by H code; without dyno where none was asked.',
  }),
  counter('heroku_dyno_events_total', ['dyno_type', 'event'], {
    series: 'dyno/events',
    help: 'Changes of the state of dynos, by process type: starting, up, crashed, cycling and the like.',
  }),
  {
    name: 'heroku_release_info',
    type: 'info',
    unit: '',
    labels: ['version'],
    help: 'The newest release, in the label version.',
  },
  counter('heroku_releases_total', [], {
    series: 'release/count',
    help: 'Releases.',
  }),
  counter('heroku_logplex_dropped_messages_total', ['code'], {
    series: 'logplex/dropped',
    help: 'Messages that Logplex, or log-shuttle, said it dropped on the way to us, by L code.',
    zeros: ['L10'],
  }),
  {
    name: 'l2met_build_info',
    type: 'info',
    unit: '',
    labels: ['version'],
    hasApp: false,
    help: 'The version of l2met that answers.',
  },
  gauge('l2met_store_up', [], {
    hasApp: false,
    help: '1: the store can be read. While it can not, /metrics answers 503; /metrics/process says it of each process.',
  }),
  {
    ...gauge('l2met_redis_used_bytes', [], {
      hasApp: false,
      help: 'Memory that Redis uses, in bytes; of a Cluster that of the fullest master.',
    }),
    unit: 'bytes' as const,
  },
  {
    ...gauge('l2met_redis_limit_bytes', [], {
      hasApp: false,
      help: 'Memory that Redis may use (maxmemory), in bytes; 0 where it has no limit.',
    }),
    unit: 'bytes' as const,
  },
  counter('l2met_lines_total', ['result'], {
    help: 'Lines received, by what became of them; each line is in one of them. late: older than 15 minutes; future: more than 60 seconds ahead.',
  }),
  counter('l2met_bodies_total', ['result'], {
    series: 'l2met/bodies',
    help: 'Request bodies received, by what became of them. A duplicate is counted, its lines are not counted again.',
    zeros: ['committed', 'duplicate', 'refused', 'spilled'],
  }),
  counter('l2met_bodies_mismatched_total', [], {
    series: 'l2met/bodies_mismatched',
    help: 'Bodies that held another number of frames than their Logplex-Msg-Count says.',
  }),
  counter('l2met_missing_lines_total', [], {
    series: MISSING,
    help: 'Lines that Logplex-Msg-Count announced and that were not in the body.',
  }),
  {
    ...gauge('l2met_coverage_ratio', [], {
      help: 'Share of the lines sent to us that were counted or hold nothing to count. The others are late, future, malformed, over the limit, dropped by Logplex or log-shuttle, or missing by Logplex-Msg-Count; 1 means that nothing is missing.',
    }),
    unit: 'ratio',
  },
  gauge('l2met_alert_active', ['alert'], {
    series: 'l2met/alert_active',
    help: 'Whether an alert of ALERTS holds.',
  }),
  gauge('l2met_series', [], { help: 'Series that the app has.' }),
  counter('l2met_overflow_total', [], {
    series: 'l2met/overflow',
    help: 'Values that went to a series with overflow="true" because the app has too many series.',
  }),
  counter('l2met_drain_refusals_total', ['reason'], {
    series: 'l2met/refusals',
    help: 'Requests to the drain that were refused. credentials: they write for no app, and are counted for (unknown); encoding: a body that is no good gzip; no_room: too much was being received; not_logs: no line could be read, and the content type names something else; query: a parameter that is no good; store: it could be neither stored nor held; too_large: more than 8 MiB.',
  }),
  counter('l2met_refused_values_total', ['reason'], {
    series: 'l2met/refused',
    help: "Values on log lines that can't be counted. number: no number, or one beyond 2^40; negative: a count below zero; name: a name that no metric can have; cut: the line was cut within the number; label: a label beyond the first eight of its line, whose values count without it; limit: too many names or values.",
    zeros: ['cut', 'label', 'limit', 'name', 'negative', 'number'],
  }),
  {
    ...gauge('l2met_last_line_timestamp_seconds', [], {
      help: "Time of the app's newest line, in seconds since 1970.",
    }),
    unit: 'seconds',
  },
  histogram('l2met_commit_seconds', [], {
    series: 'l2met/commit',
    unit: 'seconds',
    bucketBounds: SECONDS,
    help: 'Time that a commit to the store took, in seconds.',
  }),
] as const satisfies readonly FamilySpec[]

export type FamilyName = (typeof FAMILIES)[number]['name']

type Rest<T> = Omit<FamilySpec, 'name' | 'type' | 'labels' | 'unit'> & T

function counter<N extends string>(name: N, labels: readonly string[], rest: Rest<unknown>) {
  return { name, type: 'counter' as const, unit: '' as const, labels, ...rest }
}

function gauge<N extends string>(name: N, labels: readonly string[], rest: Rest<unknown>) {
  return { name, type: 'gauge' as const, unit: '' as const, labels, ...rest }
}

function histogram<N extends string>(
  name: N,
  labels: readonly string[],
  rest: Rest<{ readonly unit: FamilyUnit }>,
) {
  return { name, type: 'histogram' as const, labels, ...rest }
}

function dynoGauge<N extends string>(name: N, series: string, rest: Rest<unknown>) {
  return gauge(name, ['dyno'], { series, goneAfterMs: DYNO_GONE_MS, ...rest })
}

function dynoBytes<K extends string>(kind: K, what: string) {
  const help = `${what}, in bytes (Heroku's MB taken as 1,048,576 bytes).`
  const name = `heroku_dyno_memory_${kind}_bytes` as const
  return { ...dynoGauge(name, `dyno/memory_${kind}`, { help }), unit: 'bytes' as const }
}

function dynoLoad<K extends string>(span: K, words: string) {
  const help = `Load average of the dyno over the last ${words}: tasks that run or wait to.`
  return dynoGauge(`heroku_dyno_load_${span}` as const, `dyno/load_avg_${span}`, { help })
}
