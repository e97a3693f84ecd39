import { cut, cutMiddle, padEnd, padStart, widthOf } from './printable.ts'
import type { Paint, Style } from './style.ts'

/** One column of a table. A column of which every cell is empty is left out. */
export interface Column<Row> {
  readonly title: string
  readonly align: 'left' | 'right'
  cell(row: Row): string
  colour?(row: Row): Paint
  /** Is cut where there is too little room, the last one first. */
  readonly flexible?: boolean
  /** Keeps its end when it is cut: routes begin alike. */
  readonly keepsEnd?: boolean
  /** Is left out where cutting doesn't help. */
  readonly optional?: boolean
  /** Is left out where that doesn't help either. */
  readonly expendable?: boolean
}

const GAP = 2
const MIN_FLEXIBLE = 12

/** Aligned lines of at most `width` columns, the titles first. Cells must be printable. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
  style: Style,
): string[] {
  const filled = columns.filter((column) => rows.some((row) => column.cell(row) !== ''))
  const { shown, widths } = layOut(filled, rows, width)
  const head = shown.map((column, i) => fit(column.title, widths[i]!, column.align))
  const body = rows.map((row) =>
    shown.map((column, i) => {
      const cell = column.cell(row)
      const short = column.keepsEnd === true ? cutMiddle(cell, widths[i]!) : cell
      const text = fit(short, widths[i]!, column.align)
      return column.colour === undefined ? text : column.colour(row)(text)
    }),
  )
  const gap = ' '.repeat(GAP)
  return [style.dim(head.join(gap).trimEnd()), ...body.map((cells) => cells.join(gap).trimEnd())]
}

function layOut<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): { readonly shown: readonly Column<Row>[]; readonly widths: readonly number[] } {
  const widths = columns.map((column) =>
    rows.reduce((most, row) => Math.max(most, widthOf(column.cell(row))), widthOf(column.title)),
  )
  let excess = widths.reduce((sum, n) => sum + n + GAP, -GAP) - width
  for (let i = columns.length - 1; i >= 0 && excess > 0; i -= 1) {
    if (columns[i]!.flexible !== true) continue
    const less = Math.min(excess, Math.max(0, widths[i]! - MIN_FLEXIBLE))
    widths[i]! -= less
    excess -= less
  }
  const optional =
    columns.findLast((column) => column.optional === true) ??
    columns.findLast((column) => column.expendable === true)
  return excess > 0 && optional !== undefined
    ? layOut(
        columns.filter((column) => column !== optional),
        rows,
        width,
      )
    : { shown: columns, widths }
}

/** Cuts or fills a text to exactly `width` columns. */
export function fit(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const short = cut(text, width)
  return align === 'left' ? padEnd(short, width) : padStart(short, width)
}
