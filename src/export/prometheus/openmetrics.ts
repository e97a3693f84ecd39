import { type BodyWriter, writeText } from './body-writer.ts'
import type { FamilyType, MetricFamily } from './family.ts'
import { formatCanonicalBound, type TextStyle, renderSamples } from './text.ts'

export const OPENMETRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/**
 * OpenMetrics 1.0.0; stops as renderText does. A family is named without the ending of its samples. There are no `_created`
 * samples, because nobody knows when a series began.
 */
export function* renderOpenMetrics(
  families: readonly MetricFamily[],
  writer: BodyWriter,
): Generator<boolean> {
  const taken = new Set(families.flatMap(claims))
  for (const family of families) {
    const { name, unit } = family
    const base = baseName(family)
    // `app_x_total` beside a histogram `app_x`: two families of one name are not allowed.
    const isClash = family.type === 'counter' && taken.has(base)
    const shown = isClash ? name : base
    let text = `# TYPE ${shown} ${isClash ? 'unknown' : family.type}\n`
    if (unit !== '' && !isClash) text += `# UNIT ${shown} ${unit}\n`
    text += `# HELP ${shown} ${escapeHelp(family.help)}\n`
    writeText(writer, text)
    yield* renderSamples(family, name, STYLE, writer)
  }
  writeText(writer, '# EOF\n')
}

/** A sum there is a counter: it may neither fall nor be below zero; and without it there is no count. */
const STYLE: TextStyle = { formatBound: formatCanonicalBound, sumsNegative: false }

const ENDINGS: Readonly<Record<FamilyType, string>> = {
  counter: '_total',
  info: '_info',
  gauge: '',
  histogram: '',
  summary: '',
}

function baseName({ name, type }: MetricFamily): string {
  return name.slice(0, name.length - ENDINGS[type].length)
}

/** Names that no counter's family may have. */
function claims(family: MetricFamily): string[] {
  if (family.type === 'counter') return []
  const base = baseName(family)
  const endings = family.type === 'histogram' ? ['', '_sum', '_count', '_bucket'] : ['']
  return endings.map((ending) => base + ending)
}

function escapeHelp(help: string): string {
  return help.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')
}
