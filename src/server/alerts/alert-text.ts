import { type Expression, dimensionOf } from '../../report/expression/expression.ts'
import type { OutgoingMessage } from './alert-record.ts'

/** A sentence for people: `shop: p95>500ms for 5m is firing since 10:00:00 UTC: p95 is 620 ms`. */
export function alertText(app: string, message: OutgoingMessage, expression: Expression): string {
  const { state, value, since } = message
  const now = value === null ? '' : `: ${nameOf(expression)} is ${valueText(expression, value)}`
  const time = new Date(since).toISOString().slice(11, 19)
  if (state === 'firing') return `${app}: ${expression.text} is firing since ${time} UTC${now}`
  return `${app}: ${expression.text} has recovered${now}`
}

export function valueText(expression: Expression, value: number): string {
  if (expression.isShareOfQuota) return `${round(value * 100)}% of quota`
  switch (dimensionOf(expression.metric)) {
    case 'seconds':
      if (value >= 120) return `${round(value / 60)} min`
      return value >= 1 ? `${round(value)} s` : `${round(value * 1000)} ms`
    case 'bytes':
      return `${round(value / 2 ** 20)} MB`
    case 'ratio':
      return `${round(value * 100)}%`
    default:
      return String(round(value))
  }
}

function nameOf({ metric, code }: Expression): string {
  return metric === 'code' ? code! : metric
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}
