/** A cell: text to the left, numbers to the right. */
export type TextCell = string | number

/** Rows under a head, columns two spaces apart, as lines without a newline at their end. */
export function textTable(
  head: readonly string[],
  rows: readonly (readonly TextCell[])[],
): string[] {
  const texts = [head, ...rows].map((row) => row.map(String))
  const widths = head.map((_, column) => Math.max(...texts.map((row) => row[column]!.length)))
  const isRight = head.map((_, column) =>
    rows.every((row) => /^[-$\d.,–]/.test(String(row[column]))),
  )
  return texts.map((row) =>
    row
      .map((text, i) => (isRight[i]! ? text.padStart(widths[i]!) : text.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
}
