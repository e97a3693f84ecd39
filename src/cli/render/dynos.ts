import type { DynoReport } from '../../report/report-object.ts'
import { bar } from './bars.ts'
import { padEnd, printable } from './printable.ts'
import type { Paint, Style } from './style.ts'
import { type Column, table } from './table.ts'
import { countText, durationText, sizeText } from './units.ts'

type Row = DynoReport & { readonly name: string }

const BAR = 8
const HIGH = 0.8

/** Dynos with their requests, memory against quota, load and errors; `web.2` before `web.10`. */
export function dynoLines(
  dynos: Readonly<Record<string, DynoReport>>,
  width: number,
  style: Style,
): string[] {
  const rows = sortedDynos(dynos)
  if (rows.length === 0) return []
  const columns: Column<Row>[] = [
    { title: 'dyno', align: 'left', cell: ({ name }) => printable(name), flexible: true },
    {
      title: 'requests',
      align: 'right',
      cell: ({ requests }) => (requests > 0 ? countText(requests) : ''),
      optional: true,
    },
    {
      title: 'p95',
      align: 'right',
      cell: ({ service }) => (service === null ? '' : durationText(service.p95)),
    },
    {
      title: 'load 1m',
      align: 'right',
      cell: ({ load }) => (load['1m'] === undefined ? '' : load['1m'].last.toFixed(2)),
      optional: true,
    },
    { title: 'memory', align: 'right', cell: memoryText },
    { title: 'peak', align: 'right', cell: peakText, optional: true },
    {
      title: 'of quota',
      align: 'left',
      cell: (row) => quotaText(row),
      colour: (row) => quotaColour(memoryShare(row), style),
      expendable: true,
    },
    { title: 'errors', align: 'left', cell: errorsText, colour: () => style.red, flexible: true },
  ]
  return table(columns, rows, width, style)
}

export function sortedDynos(dynos: Readonly<Record<string, DynoReport>>): Row[] {
  return Object.entries(dynos)
    .map(([name, dyno]) => ({ name, ...dyno }))
    .toSorted((a, b) => compareNames(a.name, b.name))
}

// Intl.Collator could do it, and takes 10 ms to start.
function compareNames(a: string, b: string): number {
  const [typeA, numberA] = splitNumber(a)
  const [typeB, numberB] = splitNumber(b)
  if (typeA !== typeB) return typeA < typeB ? -1 : 1
  return numberA - numberB
}

function splitNumber(name: string): [type: string, number: number] {
  const digits = /\d{1,9}$/.exec(name)?.[0] ?? ''
  return [name.slice(0, name.length - digits.length), Number(digits)]
}

/** Memory in use as a share of the quota; undefined when either isn't known. */
function memoryShare({ memory }: Pick<DynoReport, 'memory'>): number | undefined {
  const used = memory['total'] ?? memory['rss']
  const quota = memory['quota']
  return used === undefined || quota === undefined || quota.last <= 0
    ? undefined
    : used.last / quota.last
}

function quotaColour(share: number | undefined, style: Style): Paint {
  if (share === undefined || share < HIGH) return style.green
  return share <= 1 ? style.yellow : style.red
}

function errorsText({ errors }: Pick<DynoReport, 'errors'>): string {
  return Object.entries(errors)
    .map(([code, n]) => `${printable(code)} ×${countText(n)}`)
    .join(' ')
}

function memoryText({ memory }: Row): string {
  const used = memory['total'] ?? memory['rss']
  return used === undefined ? '' : sizeText(used.last)
}

function peakText({ memory }: Row): string {
  const used = memory['total'] ?? memory['rss']
  return used === undefined || used.max === used.last ? '' : sizeText(used.max)
}

function quotaText(row: Row): string {
  const share = memoryShare(row)
  if (share === undefined) return ''
  const quota = sizeText(row.memory['quota']!.last)
  return `${padEnd(bar(share, BAR), BAR)} ${Math.round(share * 100)}% of ${quota}`
}
