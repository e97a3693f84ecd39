/** Saves rows as a CSV file (RFC 4180). */
export function saveCsv(name, rows) {
  const text = rows.map((row) => `${row.map(cellOf).join(',')}\r\n`).join('')
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  link.download = `${name.replaceAll(/[^\w.-]+/g, '-')}.csv`
  link.click()
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}

function cellOf(value) {
  if (value === null || value === undefined) return ''
  if (typeof value === 'number') return String(value)
  // A spreadsheet would take such a text for a formula, and texts are those of strangers.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
