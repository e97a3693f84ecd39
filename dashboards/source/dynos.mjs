import { APP, CHANGES, DYNO, dashboard } from './dashboard.mjs'
import { barGauge, coloured, mappings, query, stateTimeline, table } from './grafana.mjs'
import { timeseries } from './grafana.mjs'
import { grown, knownQuantile, memoryShare, quantile, selector } from './queries.mjs'
import { sumOfValues, sumRate } from './queries.mjs'
import * as words from './words.mjs'

const DYNO_IS = 'dyno=~"$dyno"'
const BY_DYNO = ['app', 'dyno']
const LEGEND = '{{app}} {{dyno}}'
const REQUESTS = 'heroku_router_requests_total'
const SERVICE = 'heroku_router_service_seconds'
const CONNECT = 'heroku_router_connect_seconds'
const SIZE = 'heroku_router_response_bytes'
const ERRORS = 'heroku_dyno_errors_total'

export const dynos = dashboard({
  uid: 'heroku-dynos',
  title: 'Dynos',
  description: 'Memory against quota, load, requests and errors, dyno by dyno.',
  variables: [APP, DYNO],
  annotations: CHANGES,
  rows: [
    { title: 'Every dyno', panels: [everyDyno()] },
    { title: 'Memory', panels: memory() },
    { title: 'Memory by dyno', panels: [memoryOfDyno()] },
    { title: 'Load and paging', panels: load() },
    { title: 'Requests', panels: requests() },
    { title: 'Errors and restarts', panels: failures() },
  ],
})

function everyDyno() {
  return table(
    'Dynos',
    `Every dyno, now; errors are those of the shown time. ${words.NEEDS_RUNTIME_METRICS}`,
    [
      { label: 'app', title: 'App' },
      { label: 'dyno', title: 'Dyno', link: onlyThis() },
      {
        title: 'Memory of quota',
        expr: memoryShare(DYNO_IS),
        unit: 'percentunit',
        thresholds: words.MEMORY_STEPS,
      },
      { title: 'Memory', expr: gauge('memory_total_bytes'), unit: 'bytes' },
      {
        title: 'Swap',
        expr: gauge('memory_swap_bytes'),
        unit: 'bytes',
        thresholds: [[1, 'orange']],
      },
      { title: 'Quota', expr: gauge('memory_quota_bytes'), unit: 'bytes' },
      { title: 'Load', expr: gauge('load_1m'), decimals: 2 },
      { title: 'Requests', expr: sumRate(REQUESTS, BY_DYNO, [DYNO_IS]), unit: 'reqps' },
      {
        title: 'p95 service time',
        expr: knownQuantile(0.95, SERVICE, BY_DYNO, [DYNO_IS]),
        unit: 's',
        thresholds: words.SERVICE_STEPS,
      },
      ...['R14', 'R15'].map((code) => ({
        title: code,
        expr: grown(ERRORS, BY_DYNO, '$__range', DYNO_IS, `code="${code}"`),
        decimals: 0,
        thresholds: [[1, code === 'R14' ? 'orange' : 'red']],
      })),
    ],
    { height: 9, sortBy: 'Memory of quota' },
  )
}

function memory() {
  const over = (share) => `(${memoryShare(DYNO_IS)} > bool ${share})`
  return [
    barGauge(
      'Memory of quota, now',
      `Each dyno against its own quota. ${words.NEEDS_RUNTIME_METRICS}`,
      [query(memoryShare(DYNO_IS), LEGEND)],
      {
        unit: 'percentunit',
        min: 0,
        max: 1.2,
        thresholds: words.MEMORY_STEPS,
        noValue: words.NO_RUNTIME_METRICS,
      },
    ),
    timeseries(
      'Memory of quota',
      'A line that climbs from restart to restart is a leak; one that jumps with the traffic is the size of the requests. Above 100 % Heroku reports R14.',
      [query(memoryShare(DYNO_IS), LEGEND)],
      {
        unit: 'percentunit',
        thresholds: words.MEMORY_STEPS,
        calcs: ['lastNotNull', 'max'],
        softMax: 1,
      },
    ),
    stateTimeline(
      'When it was too much',
      'Orange from 90 % of the quota on, red above it.',
      [query(`${over(0.9)} + ${over(1)}`, LEGEND)],
      {
        mappings: mappings([
          [0, 'fine', 'green'],
          [1, 'near the quota', 'orange'],
          [2, 'over the quota', 'red'],
        ]),
      },
    ),
  ]
}

/** Repeated for each chosen dyno. */
function memoryOfDyno() {
  return timeseries(
    '$dyno',
    'What the memory holds: resident, swapped out, and cache of files, which the system gives back when it must. The line is the quota.',
    [
      query(gauge('memory_rss_bytes', ['app']), 'resident {{app}}'),
      query(gauge('memory_swap_bytes', ['app']), 'swap {{app}}'),
      query(gauge('memory_cache_bytes', ['app']), 'cache {{app}}'),
      query(gauge('memory_quota_bytes', ['app']), 'quota {{app}}'),
    ],
    {
      width: 6,
      repeat: 'dyno',
      unit: 'bytes',
      isStacked: true,
      calcs: ['lastNotNull'],
      overrides: [asLine('/^quota/', 'red')],
    },
  )
}

function load() {
  return [
    timeseries(
      'Load, 1 minute',
      'Tasks that run or wait to. Above the number of its CPUs a dyno works behind.',
      [query(gauge('load_1m'), LEGEND)],
      { calcs: ['lastNotNull', 'max'] },
    ),
    timeseries(
      'Load, 5 and 15 minutes',
      'Heroku begins to report them when a dyno is as old as the average is long.',
      [query(gauge('load_5m'), `${LEGEND} 5m`), query(gauge('load_15m'), `${LEGEND} 15m`)],
      { calcs: ['lastNotNull', 'max'] },
    ),
    timeseries(
      'Paging',
      'Pages per second read from and written to disk. Together with swap, reading makes requests slow.',
      [
        query(sumRate('heroku_dyno_memory_pgpgin_pages', BY_DYNO, [DYNO_IS]), `${LEGEND} read`),
        query(sumRate('heroku_dyno_memory_pgpgout_pages', BY_DYNO, [DYNO_IS]), `${LEGEND} written`),
      ],
      {},
    ),
  ]
}

function requests() {
  return [
    timeseries(
      'Requests by dyno',
      'The router picks dynos at random, so that all should have about as many.',
      [query(sumRate(REQUESTS, BY_DYNO, [DYNO_IS]), LEGEND)],
      { unit: 'reqps' },
    ),
    timeseries(
      'p95 service time by dyno',
      'One dyno that is slower than the others: restart it. All of them: look elsewhere. The line at 30 s is where the router gives up (H12).',
      [query(quantile(0.95, SERVICE, BY_DYNO, [DYNO_IS]), LEGEND)],
      { unit: 's', thresholds: [words.ROUTER_TIMEOUT] },
    ),
    timeseries(
      'p95 connect time by dyno',
      'Time that the router took to connect to the dyno; more than some milliseconds mean that its queue of connections is full.',
      [query(quantile(0.95, CONNECT, BY_DYNO, [DYNO_IS]), LEGEND)],
      { unit: 's' },
    ),
    timeseries(
      '5xx by dyno',
      'Answers with a 5xx per second. Those without a dyno came from the router.',
      [query(`${sumRate(REQUESTS, BY_DYNO, [DYNO_IS, 'status=~"5.."'])} > 0`, LEGEND)],
      { unit: 'reqps', noValue: 'none' },
    ),
    timeseries(
      'Sent by dyno',
      'Bytes of answers per second.',
      [query(sumOfValues(SIZE, BY_DYNO, [DYNO_IS]), LEGEND)],
      { unit: 'Bps' },
    ),
    timeseries(
      'p95 size of answers by dyno',
      'Large answers keep a dyno busy for as long as slow clients take to read them.',
      [query(quantile(0.95, SIZE, BY_DYNO, [DYNO_IS]), LEGEND)],
      { unit: 'bytes' },
    ),
  ]
}

function failures() {
  const bars = {
    width: 12,
    isBars: true,
    isStacked: true,
    interval: '1m',
    calcs: ['sum'],
    decimals: 0,
    noValue: 'none',
  }
  return [
    timeseries(
      'Errors by code',
      'How many, by R code and dyno. R14 over the memory quota, R15 far over it and killed, R10 too slow to boot, R12 too slow to stop.',
      [
        query(
          `${grown(ERRORS, [...BY_DYNO, 'code'], '$__interval', DYNO_IS)} > 0`,
          `{{code}} ${LEGEND}`,
        ),
      ],
      bars,
    ),
    timeseries(
      'Failed requests by code',
      'How many, by H code and dyno. H12: no answer in 30 s. H13 and H18: the connection broke.',
      [
        query(
          `${grown('heroku_dyno_request_errors_total', [...BY_DYNO, 'code'], '$__interval', DYNO_IS)} > 0`,
          `{{code}} ${LEGEND}`,
        ),
      ],
      bars,
    ),
    timeseries(
      'Changes of state',
      'How many, by process type. Heroku restarts ("cycles") each dyno about once a day.',
      [
        query(
          `${grown('heroku_dyno_events_total', ['dyno_type', 'event'], '$__interval')} > 0`,
          '{{dyno_type}} {{event}}',
        ),
      ],
      { ...bars, overrides: coloured(words.EVENT_COLOURS) },
    ),
  ]
}

function gauge(name, by = BY_DYNO) {
  return `max by (${by.join(', ')}) (heroku_dyno_${name}${selector(DYNO_IS)})`
}

function asLine(pattern, fixedColor) {
  return {
    matcher: { id: 'byRegexp', options: pattern },
    properties: [
      { id: 'color', value: { fixedColor, mode: 'fixed' } },
      { id: 'custom.stacking', value: { group: 'A', mode: 'none' } },
      { id: 'custom.fillOpacity', value: 0 },
      { id: 'custom.lineWidth', value: 2 },
    ],
  }
}

function onlyThis() {
  return {
    title: 'Only this dyno',
    url: '/d/heroku-dynos?${datasource:queryparam}&var-app=${__data.fields.App:percentencode}&var-dyno=${__data.fields.Dyno:percentencode}&${__url_time_range}',
  }
}
