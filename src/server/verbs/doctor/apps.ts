import type { AppRow } from '../../api/report.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { type MetricSample, samplesOf, sumOf } from './probe.ts'

const SILENT_MS = 5 * 60_000
const LOW_COVERAGE = 0.99
/** More lines than these apps are summed up. */
const MAX_APPS = 20

/** The newest line of each app: a drain that is gone looks like an app without traffic. */
export function checkLastLines(apps: readonly AppRow[], now: number): Finding[] {
  if (apps.length === 0) {
    const todo =
      'add a drain: /welcome has the commands; heroku drains -a APP lists those there are'
    return [fail('last line', 'no line has come from any app yet', todo)]
  }
  const ages = apps.map(({ app, lastLine }) => {
    return { app, age: lastLine === null ? Infinity : now - Date.parse(lastLine) }
  })
  const silent = ages.filter(({ age }) => age > SILENT_MS)
  const live = ages.length - silent.length
  const fresh =
    live === 0 ? [] : [ok('last line', `${counted(live, 'app')} within the last five minutes`)]
  return [
    ...fresh,
    ...silent
      .slice(0, MAX_APPS)
      .map(({ app, age }) =>
        warn(
          'last line',
          `${app}: ${age === Infinity ? 'no line with a time yet' : `${durationText(age)} ago`}`,
          `heroku drains -a ${app} shows whether its drain is there, heroku ps -a ${app} whether it runs`,
        ),
      ),
  ]
}

const CHANGED =
  'something between the sender and l2met cuts or changes bodies: a proxy, or a program that forwards logs'

/** What to do about lines that came and entered no metric, by result. */
const ADVICE = new Map([
  [
    'late',
    'its clock or its drain is behind by more than 15 minutes: see the log of l2met for the skew',
  ],
  ['future', 'a clock is ahead by more than a minute: the sender’s, or that of l2met’s store'],
  ['malformed', 'the body is no Logplex body: check who posts to the drain URL'],
  ['missing', CHANGED],
  ['over_limit', 'raise MAX_SERIES_PER_APP, or log fewer different names and labels'],
])

/** Lines that were sent and are in no number, since each app's first line. */
export function checkCoverage(metrics: string): Finding[] {
  const ratios = samplesOf(metrics, 'l2met_coverage_ratio')
  const low = ratios.filter(({ value }) => value < LOW_COVERAGE)
  const lines = samplesOf(metrics, 'l2met_lines_total')
  const missing = samplesOf(metrics, 'l2met_missing_lines_total')
  if (ratios.length === 0) return []
  if (low.length === 0)
    return [
      ok(
        'coverage',
        `at least ${percent(Math.min(...ratios.map(({ value }) => value)))} of all lines are counted`,
      ),
    ]
  return low.slice(0, MAX_APPS).map(({ labels, value }) => {
    const app = labels.get('app') ?? ''
    const worst = [...ofApp(lines, app), ...ofApp(missing, app)]
      .filter((sample) => ADVICE.has(resultOf(sample)))
      .toSorted((a, b) => b.value - a.value)[0]
    const result = worst === undefined ? '' : resultOf(worst)
    const most = worst === undefined || worst.value === 0 ? '' : `, ${worst.value} are ${result}`
    const todo =
      most === '' ? 'Logplex dropped them before they came: see "dropped"' : ADVICE.get(result)!
    return warn('coverage', `${app}: ${percent(value)} of its lines are counted${most}`, todo)
  })
}

/** Missing lines have no label. */
function resultOf({ labels }: MetricSample): string {
  return labels.get('result') ?? 'missing'
}

/** Losses and limits that the server itself counts. */
export function checkLosses(metrics: string): Finding[] {
  const found: Finding[] = []
  for (const [app, value] of byApp(samplesOf(metrics, 'heroku_logplex_dropped_messages_total')))
    if (value > 0)
      found.push(
        warn(
          'dropped',
          `${app}: Logplex or log-shuttle dropped ${value} messages`,
          'l2met was slow or away then: compare with l2met_commit_seconds and the log',
        ),
      )
  const missing = samplesOf(metrics, 'l2met_missing_lines_total')
  for (const [app, value] of byApp(samplesOf(metrics, 'l2met_bodies_mismatched_total')))
    if (value > 0)
      found.push(
        warn(
          'bodies',
          `${app}: ${counted(value, 'body', 'bodies')} held another number of lines than announced, ${counted(sumOf(ofApp(missing, app)), 'line')} missing`,
          CHANGED,
        ),
      )
  const refusals = samplesOf(metrics, 'l2met_drain_refusals_total').filter(({ value }) => value > 0)
  for (const { labels, value } of refusals)
    found.push(
      warn(
        'refused',
        `${value} requests were refused: ${labels.get('reason') ?? 'no reason is known'}`,
        'see "request refused" in the log of l2met; a drain with an old token is replaced with l2met drain-url',
      ),
    )
  for (const [app, value] of byApp(samplesOf(metrics, 'l2met_overflow_total')))
    if (value > 0)
      found.push(
        warn(
          'series',
          `${app}: ${value} values went to {overflow="true"}`,
          ADVICE.get('over_limit')!,
        ),
      )
  return found.slice(0, MAX_APPS)
}

function byApp(samples: readonly MetricSample[]): [string, number][] {
  const apps = [...new Set(samples.map(({ labels }) => labels.get('app') ?? ''))]
  return apps.map((app) => [app, sumOf(ofApp(samples, app))])
}

function ofApp(samples: readonly MetricSample[], app: string): MetricSample[] {
  return samples.filter(({ labels }) => labels.get('app') === app)
}

function percent(ratio: number): string {
  return `${(Math.floor(ratio * 1000) / 10).toFixed(1)} %`
}

function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`
}

export function durationText(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 2) return `${Math.round(ms / 1000)} seconds`
  if (minutes < 120) return `${minutes} minutes`
  return minutes < 2880 ? `${Math.round(minutes / 60)} hours` : `${Math.round(minutes / 1440)} days`
}
