import { errorName } from '../../report/error-names.ts'
import type { Report } from '../../report/report-object.ts'
import { printable } from './printable.ts'
import type { Style } from './style.ts'
import { type Column, table } from './table.ts'
import { section } from './traffic.ts'
import { countText } from './units.ts'

type Event = Report['events'][number]

/** What happened, once or again and again. */
interface EventRow {
  readonly kind: string
  readonly text: string
  readonly first: string
  readonly last: string
  readonly count: number
}

const MAX_EVENTS = 20
const MAX_DYNOS = 3

/**
 * Releases, scalings, crashes and restarts, the newest of them; then errors of dynos, one row for each code:
 * a dyno over its quota says so every 20 s, and would push everything else out.
 */
export function eventLines({ events }: Report, width: number, style: Style): string[] {
  const runs = runsOf(events.filter(({ kind }) => kind !== 'error'))
  const rows = [...runs.slice(-MAX_EVENTS), ...errorRows(events)]
  if (rows.length === 0) return []
  const isBad = ({ kind }: EventRow) => kind === 'crash' || kind === 'error'
  const columns: Column<EventRow>[] = [
    {
      title: style.zone.name,
      align: 'left',
      cell: ({ first }) => style.zone.text(first),
      colour: () => style.dim,
    },
    {
      title: 'event',
      align: 'left',
      cell: ({ kind }) => kind,
      colour: (row) => (isBad(row) ? style.red : style.cyan),
    },
    { title: 'what', align: 'left', cell: ({ text }) => text, flexible: true },
    {
      title: 'times',
      align: 'right',
      cell: ({ count }) => (count > 1 ? countText(count) : ''),
    },
    {
      title: 'until',
      align: 'left',
      cell: ({ first, last }) => (first === last ? '' : style.zone.text(last)),
      colour: () => style.dim,
      optional: true,
    },
  ]
  const left = runs.length - MAX_EVENTS
  const title = left > 0 ? `Events, without the first ${countText(left)}` : 'Events'
  return section(title, table(columns, rows, width, style), style)
}

/** What happened several times in a row is one row. */
function runsOf(events: readonly Event[]): EventRow[] {
  const runs: EventRow[] = []
  for (const { kind, text: raw, time } of events) {
    const text = printable(raw)
    const last = runs.at(-1)
    if (last?.kind === kind && last.text === text) {
      runs[runs.length - 1] = { ...last, last: time, count: last.count + 1 }
    } else runs.push({ kind, text, first: time, last: time, count: 1 })
  }
  return runs
}

function errorRows(events: readonly Event[]): EventRow[] {
  const codes = new Map<
    string,
    { dynos: Set<string>; first: string; last: string; count: number }
  >()
  for (const { kind, text, time } of events) {
    if (kind !== 'error') continue
    const [dyno = '', code = ''] = text.split(' ')
    const known = codes.get(code)
    if (known === undefined) {
      codes.set(code, { dynos: new Set([dyno]), first: time, last: time, count: 1 })
    } else {
      known.dynos.add(dyno)
      known.last = time
      known.count += 1
    }
  }
  return [...codes].map(([code, { dynos, ...row }]) => {
    const named = [...dynos].slice(0, MAX_DYNOS).map(printable).join(', ')
    const more = dynos.size > MAX_DYNOS ? ` and ${dynos.size - MAX_DYNOS} more` : ''
    return { kind: 'error', text: `${named}${more} ${code} ${errorName(code)}`.trimEnd(), ...row }
  })
}
