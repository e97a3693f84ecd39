import type { MetricFamily } from './family.ts'
import { formatCanonicalBound } from './numbers.ts'
import { renderSamples } from './text.ts'

export const OPENMETRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/**
 * OpenMetrics 1.0.0: a family is named without the ending of its samples. There are no `_created`
 * samples, because nobody knows when a series began.
 */
export function renderOpenMetrics(families: readonly MetricFamily[]): string {
  let text = ''
  for (const family of families) {
    const { name, type, unit } = family
    const ending = type === 'counter' ? '_total' : type === 'info' ? '_info' : ''
    const base = name.slice(0, name.length - ending.length)
    text += `# TYPE ${base} ${type}\n`
    if (unit !== '') text += `# UNIT ${base} ${unit}\n`
    text += `# HELP ${base} ${escapeHelp(family.help)}\n`
    text += renderSamples(family, name, formatCanonicalBound)
  }
  return `${text}# EOF\n`
}

function escapeHelp(help: string): string {
  return help.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')
}
