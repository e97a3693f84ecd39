import { APP, CHANGES, dashboard, labelVariable } from './dashboard.mjs'
import { coloured, heatmap, query, stat, table, timeseries } from './grafana.mjs'
import { SHOWN, SHOWN_ALWAYS, distribution, failedShare, grown, knownQuantile } from './queries.mjs'
import { quantile, sumOfValues, sumRate, top } from './queries.mjs'
import * as words from './words.mjs'

const REQUESTS = 'heroku_route_requests_total'
const SERVICE = 'heroku_route_service_seconds'
const METHOD = labelVariable('method', 'Method', `${REQUESTS}{app=~"$app"}`)
const ROUTE = labelVariable('route', 'Route', `${REQUESTS}{app=~"$app",method=~"$method"}`)

const CHOSEN = ['method=~"$method"', 'route=~"$route"']
const BY_ROUTE = ['method', 'route']
const LEGEND = '{{method}} {{route}}'
const FAILED = 'status_class="5xx"'

export const routes = dashboard({
  uid: 'heroku-routes',
  title: 'Routes',
  description:
    'Which routes are asked for, which are slow, which fail, and where the time of the dynos goes. A route is a path with its identifiers replaced, like /users/:id.',
  variables: [APP, METHOD, ROUTE],
  annotations: CHANGES,
  rows: [
    { title: 'Every route', panels: [everyRoute()] },
    { title: 'The ten that matter most', panels: ranking() },
    { title: 'The chosen routes together', panels: [...tiles(), ...together(), errorsByRoute()] },
  ],
})

function everyRoute() {
  const by = ['app', ...BY_ROUTE]
  const quantiles = [0.5, 0.95, 0.99].map((q) => ({
    title: `p${q * 100}`,
    expr: knownQuantile(q, SERVICE, by, CHOSEN, SHOWN),
    unit: 's',
    thresholds: words.SERVICE_STEPS,
  }))
  return table(
    'Routes',
    'Averages over the shown time. "Busy" is how many requests of the route are under way at a time, on average: what the route costs. Most of it first.',
    [
      { label: 'app', title: 'App' },
      { label: 'method', title: 'Method', width: 90 },
      { label: 'route', title: 'Route', link: onlyThis() },
      { title: 'Busy', expr: sumOfValues(SERVICE, by, CHOSEN, SHOWN), decimals: 3 },
      { title: 'Requests', expr: sumRate(REQUESTS, by, CHOSEN, SHOWN), unit: 'reqps' },
      {
        title: 'Failed',
        expr: failedShare(REQUESTS, FAILED, by, CHOSEN, SHOWN),
        unit: 'percentunit',
        thresholds: words.FAILED_STEPS,
      },
      ...quantiles,
    ],
    { height: 11, sortBy: 'Busy' },
  )
}

function ranking() {
  const size = { width: 12, height: 9 }
  return [
    timeseries(
      'Most requests',
      'Requests per second of the ten routes with the most of them.',
      [ten(requests)],
      { ...size, unit: 'reqps' },
    ),
    timeseries(
      'Most of the time',
      'Requests under way at a time, on average: requests per second times mean service time. Divided by the threads of a dyno it is how many dynos the route keeps busy.',
      [ten(busy)],
      { ...size, isStacked: true },
    ),
    timeseries(
      'Slowest',
      'p95 service time of the ten slowest routes. The line at 30 s is where the router gives up (H12).',
      [ten(slow)],
      { ...size, unit: 's', thresholds: [words.ROUTER_TIMEOUT] },
    ),
    timeseries(
      'Most failures',
      '5xx answers per second of the ten routes with the most of them.',
      [ten(failed)],
      { ...size, unit: 'reqps', noValue: 'none failed' },
    ),
  ]
}

function ten(measured) {
  return query(top(BY_ROUTE, measured(), measured(SHOWN_ALWAYS)), LEGEND)
}

function requests(over) {
  return sumRate(REQUESTS, BY_ROUTE, CHOSEN, over)
}

function busy(over) {
  return sumOfValues(SERVICE, BY_ROUTE, CHOSEN, over)
}

function slow(over) {
  return knownQuantile(0.95, SERVICE, BY_ROUTE, CHOSEN, over)
}

function failed(over) {
  return `${sumRate(REQUESTS, BY_ROUTE, [...CHOSEN, FAILED], over)} > 0`
}

function tiles() {
  const other = sumRate(REQUESTS, [], ['route="(other)"'])
  return [
    stat(
      'Failed',
      'Share of the requests that were answered with a 5xx.',
      [query(failedShare(REQUESTS, FAILED, [], CHOSEN))],
      {
        width: 6,
        unit: 'percentunit',
        color: 'background',
        thresholds: words.FAILED_STEPS,
        noValue: words.NO_REQUESTS,
      },
    ),
    stat('Requests', 'Requests per second.', [query(sumRate(REQUESTS, [], CHOSEN))], {
      width: 6,
      unit: 'reqps',
    }),
    stat(
      'p95 service time',
      '19 of 20 requests were answered within this time.',
      [query(knownQuantile(0.95, SERVICE, [], CHOSEN))],
      { width: 6, unit: 's', thresholds: words.SERVICE_STEPS, noValue: words.NO_REQUESTS },
    ),
    stat(
      'Without a route of their own',
      'Share of the requests of the chosen apps that are counted under "(other)": requests of scanners, and those of routes beyond MAX_ROUTES_PER_APP. Pin the routes that matter with ROUTES.',
      [query(`(${other} or vector(0)) / (${sumRate(REQUESTS)} > 0)`)],
      {
        width: 6,
        unit: 'percentunit',
        thresholds: [[0.2, 'orange']],
        noValue: words.NO_REQUESTS,
      },
    ),
  ]
}

function together() {
  return [
    timeseries(
      'Requests by status',
      'Requests per second by class of status.',
      [query(sumRate(REQUESTS, ['status_class'], CHOSEN), '{{status_class}}')],
      { unit: 'reqps', isStacked: true, overrides: coloured(words.STATUS_COLOURS) },
    ),
    timeseries(
      'Requests by method',
      'Requests per second by method.',
      [query(sumRate(REQUESTS, ['method'], CHOSEN), '{{method}}')],
      { unit: 'reqps', isStacked: true },
    ),
    timeseries(
      'Service time',
      'Of the chosen routes together.',
      [
        query(quantile(0.5, SERVICE, [], CHOSEN), 'p50'),
        query(quantile(0.95, SERVICE, [], CHOSEN), 'p95'),
        query(quantile(0.99, SERVICE, [], CHOSEN), 'p99'),
      ],
      {
        unit: 's',
        thresholds: [words.ROUTER_TIMEOUT],
        overrides: coloured(words.QUANTILE_COLOURS),
      },
    ),
    heatmap(
      'Service times',
      'How many requests took how long. Two bands are two kinds of requests: found in a cache or not, for example.',
      [query(distribution(SERVICE, CHOSEN), '{{le}}', { format: 'heatmap' })],
      { width: 24, height: 10, unit: 's', cellUnit: 'reqps' },
    ),
  ]
}

function errorsByRoute() {
  return timeseries(
    'Router errors by route',
    'How many, by H code and route, of the chosen routes.',
    [
      query(
        `${grown('heroku_route_errors_total', ['route', 'code'], '$__interval', 'route=~"$route"')} > 0`,
        '{{code}} {{route}}',
      ),
    ],
    { width: 24, isBars: true, isStacked: true, interval: '1m', calcs: ['sum'], decimals: 0 },
  )
}

function onlyThis() {
  return {
    title: 'Only this route',
    url: '/d/heroku-routes?${datasource:queryparam}&var-app=${__data.fields.App:percentencode}&var-method=${__data.fields.Method:percentencode}&var-route=${__data.fields.Route:percentencode}&${__url_time_range}',
  }
}
