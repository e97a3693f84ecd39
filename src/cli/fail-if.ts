import {
  type Expression,
  ExpressionError,
  dimensionOf,
  parseExpression,
} from '../report/expression/expression.ts'
import { judgeWindow } from '../report/expression/readings.ts'
import { UsageError } from '../parse/arguments.ts'
import type { ReportView } from './render/local-report.ts'
import { countText, durationText, percentText, rateText, sizeText } from './render/units.ts'

/** Reads a condition of `--fail-if` in the language of alerts. Throws UsageError. */
export function parseThreshold(text: string): Expression {
  const expression = read(text)
  const { metric, forMs, inMs } = expression
  if (metric === 'silent')
    throw new UsageError(`--fail-if '${text}': silent is for alerts; a log has an end`)
  if (forMs !== undefined || inMs !== undefined)
    throw new UsageError(`--fail-if '${text}': the whole log is judged; leave out 'for' and 'in'`)
  return expression
}

function read(text: string): Expression {
  try {
    return parseExpression(text)
  } catch (error) {
    if (error instanceof ExpressionError) throw new UsageError(`--fail-if ${error.message}`)
    throw error
  }
}

/** The messages of thresholds that a log exceeds, and of those that could not be checked. */
export function checkThresholds(
  thresholds: readonly Expression[],
  { window, report }: ReportView,
): { readonly failed: string[]; readonly unchecked: string[] } {
  const failed: string[] = []
  const unchecked: string[] = []
  for (const expression of thresholds) {
    const { text, metric } = expression
    const isUndated = metric === 'rps' && report.from === null
    const { holds, value } = judgeWindow(expression, window, report.seconds)
    if (value === null || isUndated) {
      const lack = isUndated ? 'no line carried a time' : lackOf(expression)
      unchecked.push(`'${text}' could not be checked: ${lack}`)
    } else if (holds) failed.push(`'${text}': ${nameOf(expression)} is ${shown(expression, value)}`)
  }
  return { failed, unchecked }
}

function lackOf({ metric, route, dyno }: Expression): string {
  if (metric === 'memory' || metric === 'swap') return `no sample of ${metric}`
  if (metric.startsWith('queue-')) return 'no line told a queue time'
  const part = route ?? dyno
  return part === undefined ? 'no request to judge by' : `no request of ${part} to judge by`
}

function nameOf({ metric, code }: Expression): string {
  return code ?? metric
}

function shown({ metric, isShareOfQuota }: Expression, value: number): string {
  if (metric === 'rps') return rateText(value)
  if (isShareOfQuota) return `${percentText(value)} of quota`
  switch (dimensionOf(metric)) {
    case 'seconds':
      return durationText(value)
    case 'bytes':
      return sizeText(value)
    case 'ratio':
      return percentText(value)
    default:
      return countText(value)
  }
}
