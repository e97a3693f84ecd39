import { setText } from './dom.js'
import { formatClock, formatCount, formatRange, formatShare, formatSpan } from './format.js'
import { isMoving } from './state/ranges.js'

/** After this many seconds without a line, a drain is worth a look. */
const QUIET_S = 60
const SILENT_S = 300

/** Keeps the line on the drain's health up to date: `last line 3 s ago`. */
export function showHealth(element, { model, range, isLive, seenAt }, now) {
  if (model === null) {
    element.dataset.state = 'none'
    setText(element, 'no data yet')
    return
  }
  const { lastLine, coverage, dropped, received } = model.series.health
  const age = lastLine === null ? Infinity : Math.max(0, (now - Date.parse(lastLine)) / 1000)
  const isFixed = !isMoving(range) || !isLive
  const lately = lastLine === null ? 'no line in this range' : `last line ${formatSpan(age)} ago`
  const since = isMoving(range)
    ? `Paused at ${formatClock(seenAt)}`
    : formatRange(model.from, model.to)
  // A paused page says nothing about the drain.
  element.dataset.state = isFixed || age < QUIET_S ? 'good' : age < SILENT_S ? 'quiet' : 'silent'
  const parts = [
    isFixed ? since : lately,
    coverage === null ? null : `${formatShare(coverage)} of lines counted`,
    droppedText(dropped),
  ]
  setText(element, parts.filter((part) => part !== null).join(' · '))
  element.title = `${formatCount(received)} lines received in this range. Not counted are lines that Heroku dropped, that came too late, or that can’t be read.`
}

function droppedText(dropped) {
  const sum = Object.values(dropped).reduce((all, n) => all + n, 0)
  return sum === 0 ? null : `${formatCount(sum)} dropped by Heroku`
}
