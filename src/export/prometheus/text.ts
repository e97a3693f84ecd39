import { type Sketch, sketchSum } from '../../model/sketch.ts'
import type { MetricFamily, Sample, Summary } from './family.ts'
import { cumulativeCounts } from './ladders.ts'
import { formatBound, formatValue } from './numbers.ts'

export const TEXT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Lines that are written in one piece: V8 takes twice as long for text that its young generation can't hold. */
const PIECE = 500

/** Prometheus' text format 0.0.4, in pieces. */
export function* renderText(families: readonly MetricFamily[]): Generator<string> {
  for (const family of families) {
    const { name, type } = family
    yield `# HELP ${name} ${escapeHelp(family.help)}\n# TYPE ${name} ${type === 'info' ? 'gauge' : type}\n`
    yield* renderSamples(family, name, formatBound)
  }
}

/** The samples of a family, which both text formats write alike but for the bounds of buckets. */
export function* renderSamples(
  family: MetricFamily,
  name: string,
  formatBound: (bound: number) => string,
): Generator<string> {
  const lines = family.type === 'histogram' ? family.ladder.length + 3 : 1
  const size = Math.ceil(PIECE / lines)
  for (let from = 0; from < family.samples.length; from += size) {
    const to = from + size
    if (family.type === 'histogram') {
      const bounds = [...family.ladder.map(formatBound), '+Inf'].map((bound) => `le="${bound}"} `)
      yield renderHistograms(family.samples.slice(from, to), name, family.ladder, bounds)
    } else if (family.type === 'summary')
      yield renderSummaries(family.samples.slice(from, to), name)
    else yield renderNumbers(family.samples.slice(from, to), name)
  }
}

function renderNumbers(samples: readonly Sample<number>[], name: string): string {
  const open = `${name}{`
  let text = ''
  for (const { labels, value } of samples) {
    text += labels === '' ? `${name} ` : `${open}${labels}} `
    text += `${formatValue(value)}\n`
  }
  return text
}

function renderHistograms(
  samples: readonly Sample<Sketch>[],
  name: string,
  ladder: readonly number[],
  bounds: readonly string[],
): string {
  const open = `${name}_bucket{`
  let text = ''
  for (const { labels, value } of samples) {
    const comma = labels === '' ? '' : ','
    const counts = cumulativeCounts(value, ladder)
    for (let i = 0; i < bounds.length; i += 1)
      text += `${open}${labels}${comma}${bounds[i]}${counts[i] ?? value.count}\n`
    const braces = braced(labels)
    text += `${name}_sum${braces} ${formatValue(sketchSum(value))}\n`
    text += `${name}_count${braces} ${value.count}\n`
  }
  return text
}

function renderSummaries(samples: readonly Sample<Summary>[], name: string): string {
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
