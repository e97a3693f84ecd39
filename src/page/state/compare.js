import { gridOf, isMoving } from './ranges.js'
import { fetchSeries } from './source.js'

/** Times to compare with: by how much earlier they are; null is by the length of the range itself. */
export const COMPARISONS = [
  { key: 'before', title: 'the time before', by: null },
  { key: 'day', title: 'a day before', by: 86_400_000 },
  { key: 'week', title: 'a week before', by: 604_800_000 },
]
const NAMES = ['report', 'requests', 'service']
const MINUTE_MS = 60_000

/**
 * What was at an earlier time, on the steps of the range that is shown; null without a comparison, or
 * where nothing is known of that time.
 */
export async function fetchEarlier({ app, range, focus, compare }, now) {
  const comparison = COMPARISONS.find(({ key }) => key === compare)
  if (comparison === undefined) return null
  const { from, to, step } = gridOf(range, now)
  const by = comparison.by ?? (isMoving(range) ? range.seconds * 1000 : range.to - range.from)
  // Of what is older than an hour minutes are kept.
  const coarse = Math.ceil(step / MINUTE_MS) * MINUTE_MS
  const earlier = from - by < now - 3_600_000 ? coarse : step
  const grid = { from: from - by, to: to - by, step: earlier }
  const answer = await fetchSeries(app, grid, focus, NAMES)
  return { title: comparison.title, by, answer }
}

/** A column of an earlier answer on the steps of a model: each value lasts for its own step. */
export function alignedColumn(column, { answer, by }, { from, step, times }) {
  const start = Date.parse(answer.from) + by
  return times.map((_, i) => {
    const at = Math.floor((from + i * step - start) / (answer.step * 1000))
    return at < 0 ? null : (column.at(at) ?? null)
  })
}
