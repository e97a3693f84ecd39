import type { HistogramFamily, MetricFamily, NumberFamily, SummaryFamily } from './family.ts'
import { cumulativeCounts } from './ladders.ts'
import { formatBound, formatValue } from './numbers.ts'
import { sketchSum } from '../../model/sketch.ts'

export const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Prometheus' text format 0.0.4. */
export function renderText(families: readonly MetricFamily[]): string {
  let text = ''
  for (const family of families) {
    const { name, type } = family
    text += `# HELP ${name} ${escapeHelp(family.help)}\n`
    text += `# TYPE ${name} ${type === 'info' ? 'gauge' : type}\n`
    text += renderSamples(family, name, formatBound)
  }
  return text
}

/** The samples of a family, which both text formats write alike but for the bounds of buckets. */
export function renderSamples(
  family: MetricFamily,
  name: string,
  formatBound: (bound: number) => string,
): string {
  if (family.type === 'histogram') return renderHistograms(family, name, formatBound)
  return family.type === 'summary' ? renderSummaries(family, name) : renderNumbers(family, name)
}

function renderNumbers({ samples }: NumberFamily, name: string): string {
  let text = ''
  for (const { labels, value } of samples)
    text += `${name}${braced(labels)} ${formatValue(value)}\n`
  return text
}

function renderHistograms(
  { samples, ladder }: HistogramFamily,
  name: string,
  formatBound: (bound: number) => string,
): string {
  const bounds = ladder.map((bound) => `le="${formatBound(bound)}"} `)
  let text = ''
  for (const { labels, value } of samples) {
    const bucket = `${name}_bucket{${labels}${labels === '' ? '' : ','}`
    const counts = cumulativeCounts(value, ladder)
    for (let i = 0; i < bounds.length; i += 1) text += `${bucket}${bounds[i]}${counts[i]}\n`
    const braces = braced(labels)
    text += `${bucket}le="+Inf"} ${value.count}\n`
    text += `${name}_sum${braces} ${formatValue(sketchSum(value))}\n`
    text += `${name}_count${braces} ${value.count}\n`
  }
  return text
}

function renderSummaries({ samples }: SummaryFamily, name: string): string {
  let text = ''
  for (const { labels, value } of samples) {
    const start = `${name}{${labels}${labels === '' ? '' : ','}`
    for (const [q, at] of value.quantiles) text += `${start}quantile="${q}"} ${formatValue(at)}\n`
    const braces = braced(labels)
    text += `${name}_sum${braces} ${formatValue(value.sum)}\n`
    text += `${name}_count${braces} ${value.count}\n`
  }
  return text
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`
}

function escapeHelp(help: string): string {
  return help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')
}
