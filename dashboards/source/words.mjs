// What stands in more than one dashboard: words, colours and thresholds.

export const NEEDS_RUNTIME_METRICS =
  'Empty without runtime metrics: `heroku labs:enable log-runtime-metrics -a APP`, then `heroku restart -a APP`.'

export const NEEDS_PROCESS_SCRAPE =
  'Empty without a second scrape job, for the path /metrics/process.'

export const NO_REQUESTS = 'no requests'
export const NO_RUNTIME_METRICS = 'no runtime metrics'

/** The router gives up on a request that has had no answer for 30 s (H12). */
export const ROUTER_TIMEOUT = [30, 'red']

/** Of the memory quota: the alert's border, and R14. */
export const MEMORY_STEPS = [
  [0.9, 'orange'],
  [1, 'red'],
]

/** Against an objective of 99.9 %. */
export const FAILED_STEPS = [
  [0.001, 'orange'],
  [0.01, 'red'],
]

export const SERVICE_STEPS = [
  [1, 'orange'],
  [5, 'red'],
]

/** The second one is the alert's border. */
export const SILENT_STEPS = [
  [60, 'orange'],
  [300, 'red'],
]

export const STATUS_COLOURS = {
  '1xx': 'light-blue',
  '2xx': 'green',
  '3xx': 'blue',
  '4xx': 'yellow',
  '5xx': 'red',
  none: 'purple',
}

export const QUANTILE_COLOURS = { p50: 'green', p95: 'orange', p99: 'red' }

/** Red for what costs requests, orange for what will. */
export const CODE_COLOURS = {
  H10: 'dark-red',
  H12: 'red',
  H13: 'light-red',
  H14: 'super-light-red',
  H18: 'orange',
  H27: 'blue',
  R14: 'orange',
  R15: 'red',
}

export const EVENT_COLOURS = {
  crashed: 'red',
  killed: 'dark-red',
  restarting: 'blue',
  cycling: 'light-blue',
  up: 'green',
  starting: 'light-green',
  stopping: 'yellow',
  exited: 'orange',
  down: 'purple',
}
