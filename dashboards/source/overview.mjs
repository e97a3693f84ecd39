import { APP, CHANGES, dashboard } from './dashboard.mjs'
import { coloured, query, stat, stateTimeline, table, text, timeseries } from './grafana.mjs'
import { failedRequestsShare, grown, knownQuantile, memoryShare } from './queries.mjs'
import { quantile, selector, sumRate } from './queries.mjs'
import * as words from './words.mjs'

const REQUESTS = 'heroku_router_requests_total'
const SERVICE = 'heroku_router_service_seconds'
const OLDEST_LINE = `time() - l2met_last_line_timestamp_seconds${selector()}`

export const overview = dashboard({
  uid: 'heroku-overview',
  title: 'Heroku overview',
  description: 'Is it up, is it slow, what fails, and what changed: the page to open first.',
  variables: [APP],
  annotations: CHANGES,
  rows: [
    { panels: tiles() },
    { title: 'Requests', panels: requests() },
    { title: 'What fails', panels: failures() },
    { title: 'Dynos', panels: dynos() },
    { title: 'Apps', panels: [apps()] },
    { title: 'How to read this page', isClosed: true, panels: [howTo()] },
  ],
})

function tiles() {
  return [
    stat(
      'Failed',
      'Share of the requests that failed: an H code of at=error, or without a code a 5xx.',
      [query(failedRequestsShare())],
      {
        unit: 'percentunit',
        color: 'background',
        thresholds: words.FAILED_STEPS,
        noValue: words.NO_REQUESTS,
        min: 0,
      },
    ),
    stat('Requests', 'Requests per second that the router logged.', [query(sumRate(REQUESTS))], {
      unit: 'reqps',
    }),
    stat(
      'p95 service time',
      '19 of 20 requests were answered within this time.',
      [query(knownQuantile(0.95, SERVICE))],
      { unit: 's', thresholds: words.SERVICE_STEPS, noValue: words.NO_REQUESTS },
    ),
    stat(
      'Router errors',
      'H codes per minute: requests that Heroku failed before, or instead of, the app.',
      [query(`${sumRate('heroku_router_errors_total')} * 60`)],
      {
        unit: 'short',
        decimals: 1,
        thresholds: [
          [1, 'orange'],
          [10, 'red'],
        ],
        noValue: '0',
      },
    ),
    stat(
      'Fullest dyno',
      `Memory of the dyno that is nearest to its quota. ${words.NEEDS_RUNTIME_METRICS}`,
      [query(`max(${memoryShare()})`)],
      { unit: 'percentunit', thresholds: words.MEMORY_STEPS, noValue: words.NO_RUNTIME_METRICS },
    ),
    stat(
      'Crashes',
      'Dynos that crashed in the shown time.',
      [
        query(grown('heroku_dyno_events_total', [], '$__range', 'event="crashed"'), '', {
          instant: true,
        }),
      ],
      { graph: 'none', thresholds: [[1, 'red']], noValue: '0' },
    ),
    stat(
      'Release',
      'The newest release.',
      [query(`max by (version) (heroku_release_info${selector()})`, '{{version}}')],
      { graph: 'none', textMode: 'name', noValue: 'none seen yet' },
    ),
    stat(
      'Silent for',
      'Time since the newest line of the app that has been silent the longest. Minutes mean that the drain is broken, or that the app has nothing to say.',
      [query(`max(${OLDEST_LINE})`)],
      {
        unit: 's',
        decimals: 0,
        thresholds: words.SILENT_STEPS,
        noValue: 'nothing received',
      },
    ),
  ]
}

function requests() {
  return [
    timeseries(
      'Requests by status',
      'Requests per second by class of status; "none" where the router logged none.',
      [query(sumRate('heroku_route_requests_total', ['status_class']), '{{status_class}}')],
      {
        width: 12,
        height: 9,
        unit: 'reqps',
        isStacked: true,
        overrides: coloured(words.STATUS_COLOURS),
      },
    ),
    timeseries(
      'Service time',
      'From the connection to the dyno until the end of the answer. The line at 30 s is where the router gives up (H12).',
      [
        query(quantile(0.5, SERVICE), 'p50'),
        query(quantile(0.95, SERVICE), 'p95'),
        query(quantile(0.99, SERVICE), 'p99'),
      ],
      {
        width: 12,
        height: 9,
        unit: 's',
        thresholds: [words.ROUTER_TIMEOUT],
        overrides: coloured(words.QUANTILE_COLOURS),
      },
    ),
    timeseries(
      'Queue time',
      'How long requests waited before the app took them, where the app logs it (wait= or queue= with a unit).',
      [query(quantile(0.95, 'heroku_queue_seconds'), 'p95')],
      { width: 12, unit: 's', overrides: coloured(words.QUANTILE_COLOURS) },
    ),
    timeseries(
      'Sessions',
      'How long sessions lasted that ended: WebSockets (status 101) and the routes of STREAMS. They are in no service time.',
      [query(quantile(0.95, 'heroku_router_session_seconds'), 'p95')],
      { width: 12, unit: 's', overrides: coloured(words.QUANTILE_COLOURS) },
    ),
  ]
}

function failures() {
  return [
    timeseries(
      'Router errors by code',
      'How many, by H code. H10 the app crashed, H12 no answer in 30 s, H13 and H18 the connection broke, H14 no web dyno runs, H27 the client went away.',
      [query(grown('heroku_router_errors_total', ['code'], '$__interval'), '{{code}}')],
      {
        isBars: true,
        isStacked: true,
        interval: '1m',
        calcs: ['sum'],
        decimals: 0,
        overrides: coloured(words.CODE_COLOURS),
      },
    ),
    timeseries(
      'Dyno errors',
      'How many, by R code and dyno. R14: over the memory quota, so it swaps and slows down. R15: far over it, and killed.',
      [
        query(
          `${grown('heroku_dyno_errors_total', ['app', 'dyno', 'code'], '$__interval')} > 0`,
          '{{code}} {{app}} {{dyno}}',
        ),
      ],
      {
        isBars: true,
        isStacked: true,
        interval: '1m',
        calcs: ['sum'],
        decimals: 0,
        noValue: 'none',
      },
    ),
    table(
      'Failing routes',
      'Routes with 5xx answers in the shown time, worst first.',
      [
        { label: 'app', title: 'App' },
        { label: 'method', title: 'Method' },
        { label: 'route', title: 'Route', link: toRoute() },
        {
          title: '5xx',
          expr: `topk(10, ${grown('heroku_route_requests_total', ['app', 'method', 'route'], '$__range', 'status_class="5xx"')} > 0)`,
          decimals: 0,
          thresholds: [[1, 'red']],
        },
      ],
      { width: 8, sortBy: '5xx' },
    ),
  ]
}

function dynos() {
  return [
    timeseries(
      'Memory of quota',
      `Memory of each dyno as a share of its quota; above the upper line Heroku reports R14. ${words.NEEDS_RUNTIME_METRICS}`,
      [query(memoryShare(), '{{app}} {{dyno}}')],
      {
        unit: 'percentunit',
        thresholds: words.MEMORY_STEPS,
        calcs: ['lastNotNull', 'max'],
        softMax: 1,
      },
    ),
    timeseries(
      'Load',
      `Tasks that run or wait to, averaged over a minute; compare dynos with each other. ${words.NEEDS_RUNTIME_METRICS}`,
      [query(`max by (app, dyno) (heroku_dyno_load_1m${selector()})`, '{{app}} {{dyno}}')],
      { calcs: ['lastNotNull', 'max'] },
    ),
    timeseries(
      'Changes of dynos',
      'How many dynos started, stopped, crashed or were restarted.',
      [
        query(
          `${grown('heroku_dyno_events_total', ['dyno_type', 'event'], '$__interval')} > 0`,
          '{{dyno_type}} {{event}}',
        ),
      ],
      {
        isBars: true,
        isStacked: true,
        interval: '1m',
        calcs: ['sum'],
        decimals: 0,
        noValue: 'none',
      },
    ),
    stateTimeline(
      'Releases',
      'Which release was the newest, and when.',
      [query(`max by (app, version) (heroku_release_info${selector()})`, '{{app}} {{version}}')],
      { width: 24, height: 5 },
    ),
  ]
}

function apps() {
  return table(
    'Apps',
    'Every chosen app, now. Choose one to see only its numbers.',
    [
      { label: 'app', title: 'App', link: toApp() },
      { title: 'Requests', expr: sumRate(REQUESTS, ['app']), unit: 'reqps' },
      {
        title: 'Failed',
        expr: failedRequestsShare(['app']),
        unit: 'percentunit',
        thresholds: words.FAILED_STEPS,
      },
      {
        title: 'p50',
        expr: knownQuantile(0.5, SERVICE, ['app']),
        unit: 's',
        thresholds: words.SERVICE_STEPS,
      },
      {
        title: 'p95',
        expr: knownQuantile(0.95, SERVICE, ['app']),
        unit: 's',
        thresholds: words.SERVICE_STEPS,
      },
      {
        title: 'Router errors in the shown time',
        expr: grown('heroku_router_errors_total', ['app'], '$__range'),
        decimals: 0,
        thresholds: [[1, 'orange']],
      },
      {
        title: 'Fullest dyno',
        expr: `max by (app) (${memoryShare()})`,
        unit: 'percentunit',
        thresholds: words.MEMORY_STEPS,
      },
      {
        title: 'Silent for',
        expr: `max by (app) (time() - l2met_last_line_timestamp_seconds${selector()})`,
        unit: 's',
        decimals: 0,
        thresholds: words.SILENT_STEPS,
      },
    ],
    { height: 7, sortBy: 'Requests' },
  )
}

function toApp() {
  return {
    title: 'Only this app',
    url: '/d/heroku-overview?${datasource:queryparam}&var-app=${__data.fields.App:percentencode}&${__url_time_range}',
  }
}

function toRoute() {
  return {
    title: 'This route',
    url: '/d/heroku-routes?${datasource:queryparam}&var-app=${__data.fields.App:percentencode}&var-route=${__data.fields.Route:percentencode}&${__url_time_range}',
  }
}

function howTo() {
  return text(
    '',
    `At three in the morning, from the top:

1. **Silent for** is red: nothing arrives, and everything below is old. See *l2met itself*, then \`heroku drains -a APP\`.
2. **Failed** is red: *Router errors by code* says who fails. No H code: the app itself answers 5xx; *Failing routes* says where. H10 or H14: it doesn't run; \`heroku ps -a APP\`, \`heroku releases -a APP\`. H12: it is too slow; go on with 3.
3. **Service time** is high: on one dyno (*Dynos*), on one route (*Routes*), or on all of them, then look at the database (*Add-ons*).
4. **Dyno errors** with R14 or R15: memory. A restart buys time: \`heroku ps:restart DYNO -a APP\`.
5. A **purple line** just before it began: \`heroku rollback -a APP\` comes first, the search for the reason second.

Purple lines are releases, blue ones restarts, red ones crashes. The links at the top keep the app and the time.`,
    { height: 8 },
  )
}
