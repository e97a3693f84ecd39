import { setText } from './dom.js'
import { formatCount, formatShare, formatSpan } from './format.js'

/** After this many seconds without a line, a drain is worth a look. */
const QUIET_S = 60
const SILENT_S = 300

/** Keeps the line on the drain's health up to date: `last line 3 s ago`. */
export function showHealth(element, model, now) {
  if (model === null) {
    element.dataset.state = 'none'
    setText(element, 'no data yet')
    return
  }
  const { lastLine, coverage, dropped, received } = model.series.health
  const age = lastLine === null ? Infinity : Math.max(0, (now - Date.parse(lastLine)) / 1000)
  element.dataset.state = age < QUIET_S ? 'good' : age < SILENT_S ? 'quiet' : 'silent'
  const parts = [
    lastLine === null ? 'no line in this range' : `last line ${formatSpan(age)} ago`,
    coverage === null ? null : `${formatShare(coverage)} of lines covered`,
    droppedText(dropped),
  ]
  setText(element, parts.filter((part) => part !== null).join(' · '))
  element.title = `${formatCount(received)} lines received in this range; covered are those that Heroku had and that are in these numbers`
}

function droppedText(dropped) {
  const sum = Object.values(dropped).reduce((all, n) => all + n, 0)
  return sum === 0 ? null : `${formatCount(sum)} dropped by Heroku`
}
