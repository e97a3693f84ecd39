import { forgetColours } from './charts/chart.js'
import { startGestures } from './charts/gestures.js'
import { setText } from './dom.js'
import { formatClock, formatCount, formatDay, formatShare, formatSpan } from './format.js'
import { toModel } from './state/model.js'
import { startTheme } from './state/theme.js'
import { startZone, zoneName } from './state/zone.js'
import { createView } from './view.js'

/* The page that `l2met-local --html` writes: one model, out of the file itself. */

const answer = JSON.parse(document.getElementById('data').textContent)
// All steps of a file are over.
const whole = { ...toModel({ ...answer, now: answer.to }), isFile: true }
const view = createView(document.getElementById('view'))
/** The spans that are shown, one in another: the last is on the screen. */
const spans = [{ from: whole.viewFrom, to: whole.viewTo }]

const redraw = () => {
  forgetColours()
  showHead()
  show()
}
startGestures({ zoom: goTo, back: goBack, move, scale })
startTheme(document.getElementById('theme'), redraw)
startZone(document.getElementById('zone'), redraw)
document.getElementById('main').dataset.state = 'ready'

function show() {
  const { from, to } = spans.at(-1)
  view.update({ ...whole, viewFrom: from, viewTo: to }, true)
}

/** Goes to a span (ms) of the file; a shorter one than a chart needs is no span. */
function goTo(from, to) {
  const [first, last] = [Math.max(from, whole.from), Math.min(to, whole.to)]
  if (last - first < whole.step * 2) return
  spans.push({ from: first, to: last })
  show()
}

function goBack() {
  if (spans.length > 1) spans.pop()
  show()
}

function move(direction) {
  const { from, to } = spans.at(-1)
  const by = (direction * (to - from)) / 2
  const start = Math.min(Math.max(from + by, whole.from), whole.to - (to - from))
  goTo(start, start + (to - from))
}

function scale(by, about) {
  const { from, to } = spans.at(-1)
  const middle = about ?? (from + to) / 2
  const half = ((to - from) * by) / 2
  goTo(middle - half, middle + half)
}

function showHead() {
  const { app, report, series } = whole
  const title = app === '' ? 'l2met report' : app
  setText(document.getElementById('app'), title)
  document.title = title
  setText(document.getElementById('span'), spanOf(report))
  const { coverage } = series.health
  const lines = `${formatCount(report.lines.read)} lines`
  const covered = coverage === null ? '' : ` · ${formatShare(coverage)} of lines counted`
  setText(document.getElementById('health'), lines + covered)
}

function spanOf({ from, to, seconds }) {
  if (from === null) return 'no line had a time'
  const [first, last] = [Date.parse(from), Date.parse(to)]
  const span = `${formatDay(first)} ${formatClock(first)} to ${formatDay(last)} ${formatClock(last)}`
  return `${span} (${formatSpan(seconds)}) · ${zoneName(last)}`
}
