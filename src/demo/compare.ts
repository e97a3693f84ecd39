import { sumOf, total, totalsOf, type FactKind, type Totals } from './entry.ts'
import type { Delivery } from './logplex.ts'
import type { MetricsPage } from './metrics-page.ts'

/** One number that was sent, and the metric that should show it. */
export interface Expectation {
  readonly what: string
  readonly sent: number
  readonly metric: string
  readonly labels: Record<string, string | RegExp>
}

/** An expectation and by how much the metric grew. */
export interface Comparison extends Expectation {
  readonly counted: number
  readonly isSame: boolean
}

/** Sums of fractions may differ in the last bits. */
const TOLERANCE = 1e-9
const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx']

/** What /metrics has to say of a delivery, under the names of docs/METRICS.md. */
export function expectationsOf(delivery: Delivery): Expectation[] {
  const { totals } = delivery
  const service = 'heroku_router_service_seconds'
  return [
    expect('lines', delivery.lines, 'l2met_lines_total'),
    expect('frames', delivery.frames, 'l2met_bodies_total', { result: 'committed' }),
    expect('requests', sumOf(totals, 'status'), 'heroku_router_requests_total'),
    ...STATUS_CLASSES.map((status) => statusExpectation(totals, status)),
    expect('requests of routes', sumOf(totals, 'route'), 'heroku_route_requests_total'),
    // Only what is an error: H80 to H82 are notices.
    expect('errors', sumOf(totals, 'error'), 'heroku_router_errors_total'),
    ...each(totals, 'error', 'errors', 'heroku_router_errors_total', (code) => ({ code })),
    expect('service times', total(totals, 'service', 'count'), `${service}_count`),
    expect('seconds of service', total(totals, 'service', 'sum') / 1000, `${service}_sum`),
    expect('response bytes', total(totals, 'bytes', 'sum'), 'heroku_router_response_bytes_sum'),
    ...each(totals, 'dynoError', 'dyno errors', 'heroku_dyno_errors_total', (name) => {
      const [code, dyno] = name.split(' ')
      return { code: code!, dyno: dyno! }
    }),
    expect('crashes', total(totals, 'dynoEvent', 'web crashed'), 'heroku_dyno_events_total', {
      dyno_type: 'web',
      event: 'crashed',
    }),
    expect('releases', total(totals, 'release', 'created'), 'heroku_releases_total'),
    ...each(totals, 'dropped', 'dropped', 'heroku_logplex_dropped_messages_total', (code) => {
      return { code }
    }),
    ...totalsOf(totals, 'count').map(([name, sum]) => {
      return expect(`count#${name}`, sum, `app_${metricName(name)}_total`)
    }),
    ...totalsOf(totals, 'measure').map(([name, count]) => {
      return expect(`measure#${name}`, count, `${histogramName(name)}_count`)
    }),
  ]
}

/** Compares with how much `after` is above `before`, in the metrics of `app`. */
export function compare(
  expectations: readonly Expectation[],
  app: string,
  before: MetricsPage,
  after: MetricsPage,
): Comparison[] {
  return expectations.map((expectation) => {
    const { metric, labels, sent } = expectation
    const wanted = { ...labels, app }
    const counted = after.sum(metric, wanted) - before.sum(metric, wanted)
    const isSame =
      Math.abs(counted - sent) <= TOLERANCE * Math.max(1, Math.abs(after.sum(metric, wanted)))
    return { ...expectation, counted, isSame }
  })
}

/** The comparison as a table, one row each. */
export function comparisonTable(rows: readonly Comparison[]): string {
  const cells = rows.map((row) => [
    row.what,
    number(row.sent),
    metricText(row),
    number(row.counted),
    row.isSame ? 'ok' : 'differs',
  ])
  const all = [['', 'sent', '/metrics', 'counted', ''], ...cells]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]!.length)))
  return all
    .map(([what, sent, metric, counted, verdict]) => {
      const left = `${what!.padEnd(widths[0]!)}  ${sent!.padStart(widths[1]!)}`
      return `${left}   ${metric!.padEnd(widths[2]!)}  ${counted!.padStart(widths[3]!)}  ${verdict}`.trimEnd()
    })
    .join('\n')
}

/** What was sent, for when there is nothing to compare it with. */
export function sentTable(expectations: readonly Expectation[]): string {
  const width = Math.max(...expectations.map(({ what }) => what.length))
  const digits = Math.max(...expectations.map(({ sent }) => number(sent).length))
  return expectations
    .map(({ what, sent }) => `${what.padEnd(width)}  ${number(sent).padStart(digits)}`)
    .join('\n')
}

function statusExpectation(totals: Totals, status: string): Expectation {
  const sent = totalsOf(totals, 'status')
    .filter(([name]) => name[0] === status[0])
    .reduce((sum, [, amount]) => sum + amount, 0)
  const labels = { status: new RegExp(`^${status[0]}`) }
  return expect(`requests ${status}`, sent, 'heroku_router_requests_total', labels)
}

function each(
  totals: Totals,
  kind: FactKind,
  what: string,
  metric: string,
  labelsOf: (name: string) => Record<string, string>,
): Expectation[] {
  return totalsOf(totals, kind).map(([name, sent]) => {
    return expect(`${what} ${name}`, sent, metric, labelsOf(name))
  })
}

function expect(
  what: string,
  sent: number,
  metric: string,
  labels: Expectation['labels'] = {},
): Expectation {
  return { what, sent, metric, labels }
}

/** All that the shop measures is time, but for amounts of money. */
function histogramName(name: string): string {
  return `app_${metricName(name)}${name === 'checkout.amount' ? '_value' : '_seconds'}`
}

function metricName(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, '_')
}

function metricText({ metric, labels }: Expectation): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    return typeof value === 'string'
      ? `${name}="${value}"`
      : `${name}=~"${value.source.slice(1)}.."`
  })
  return pairs.length === 0 ? metric : `${metric}{${pairs.join(',')}}`
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(3)
}
