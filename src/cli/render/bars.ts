const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']
// Without the full block, so that lines above each other don't run together.
const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇']

/** A bar of up to `width` columns for a share of 0 to 1; what isn't nothing shows at least a sliver. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(Math.max(share, 0), 1) * width * 8)
  const shown = share > 0 ? Math.max(eighths, 1) : 0
  return '█'.repeat(shown >> 3) + EIGHTHS[shown & 7]!
}

/** One column for each value: blank for undefined, a line at the bottom for 0, the highest for `top` and more. */
export function sparkline(values: readonly (number | undefined)[], top: number): string {
  return values.map((value) => level(value, top)).join('')
}

function level(value: number | undefined, top: number): string {
  if (value === undefined) return ' '
  if (!(value > 0 && top > 0)) return LEVELS[0]!
  const last = LEVELS.length - 1
  return LEVELS[Math.min(last, Math.ceil((value / top) * last))]!
}
