import type { ReportView } from './render/local-report.ts'
import { countText, durationText, percentText, rateText } from './render/units.ts'
import { parseMillis, UsageError } from '../parse/arguments.ts'

/** A threshold of `--fail-if`, as `p95>500ms`. */
export interface Threshold {
  readonly text: string
  readonly metric: Metric
  readonly operator: Operator
  /** In the metric's base unit: seconds, a ratio, or a number. */
  readonly limit: number
}

type Operator = '>' | '>=' | '<' | '<='
type Metric = (typeof METRICS)[number]

const METRICS = [
  'p50',
  'p95',
  'p99',
  'min',
  'max',
  'mean',
  'errors',
  'error-rate',
  'rps',
  'count',
  'requests',
] as const
const DURATIONS = new Set<Metric>(['p50', 'p95', 'p99', 'min', 'max', 'mean'])

export function parseThreshold(text: string): Threshold {
  const match = /^\s*([A-Za-z][\w-]*)\s*(>=|<=|>|<)\s*(\S+(?:\s\S+)?)\s*$/.exec(text)
  if (match === null) {
    throw new UsageError(
      `--fail-if '${text}' is no threshold; write METRIC, one of > >= < <=, and a value, as 'p95>500ms'`,
    )
  }
  const metric = METRICS.find((name) => name === match[1]!.toLowerCase())
  if (metric === undefined) {
    throw new UsageError(
      `--fail-if '${text}': no metric is called '${match[1]}'; there are ${METRICS.join(', ')}`,
    )
  }
  return { text, metric, operator: match[2] as Operator, limit: limitOf(metric, match[3]!, text) }
}

/** What to say of each threshold that doesn't hold, and of those that could not be checked. */
export function checkThresholds(
  thresholds: readonly Threshold[],
  view: ReportView,
): { readonly failed: string[]; readonly unchecked: string[] } {
  const failed: string[] = []
  const unchecked: string[] = []
  for (const { text, metric, operator, limit } of thresholds) {
    const value = valueOf(metric, view)
    if (value === undefined) {
      const lack = metric === 'rps' ? 'no line carried a time' : 'no request to judge by'
      unchecked.push(`'${text}' could not be checked: ${lack}`)
    } else if (holds(value, operator, limit)) {
      failed.push(`'${text}': ${metric} is ${shown(metric, value)}`)
    }
  }
  return { failed, unchecked }
}

const UNITS = new Map<Metric, string>([
  ['error-rate', '%'],
  ['rps', '/s'],
])

function limitOf(metric: Metric, value: string, text: string): number {
  if (DURATIONS.has(metric))
    return parseMillis(value.replace(' ', ''), `--fail-if '${text}':`) / 1000
  const match = /^(\d+(?:\.\d+)?)\s?(%|\/s)?$/.exec(value)
  const unit = match?.[2] ?? ''
  const expected = UNITS.get(metric) ?? ''
  if (match === null || (unit !== expected && !(unit === '' && expected === '/s'))) {
    const example = metric === 'error-rate' ? '1%' : '10'
    throw new UsageError(
      `--fail-if '${text}': ${metric} takes a value like ${example}, not '${value}'`,
    )
  }
  return metric === 'error-rate' ? Number(match[1]) / 100 : Number(match[1])
}

function valueOf(metric: Metric, { report, failed }: ReportView): number | undefined {
  const { count, perSecond } = report.requests
  switch (metric) {
    case 'errors':
      return failed
    case 'error-rate':
      return count === 0 ? undefined : failed / count
    case 'rps':
      return report.from === null ? undefined : perSecond
    case 'count':
    case 'requests':
      return count
    default:
      return report.service?.[metric]
  }
}

function holds(value: number, operator: Operator, limit: number): boolean {
  if (operator === '>') return value > limit
  if (operator === '>=') return value >= limit
  return operator === '<' ? value < limit : value <= limit
}

function shown(metric: Metric, value: number): string {
  if (DURATIONS.has(metric)) return durationText(value)
  if (metric === 'error-rate') return percentText(value)
  return metric === 'rps' ? rateText(value) : countText(value)
}
