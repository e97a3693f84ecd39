import { forgetColours } from './charts/chart.js'
import { setText } from './dom.js'
import { formatClock, formatCount, formatDay, formatShare, formatSpan } from './format.js'
import { toModel } from './state/model.js'
import { startTheme } from './state/theme.js'
import { createView } from './view.js'

/* The page that `l2met-local --html` writes: one model, out of the file itself. */

const answer = JSON.parse(document.getElementById('data').textContent)
// All steps of a file are over.
const model = { ...toModel(answer), now: Date.parse(answer.to), isFile: true }
const view = createView(document.getElementById('view'))
showHead()
startTheme(document.getElementById('theme'), () => {
  forgetColours()
  view.update(model)
})
document.getElementById('main').dataset.state = 'ready'

function showHead() {
  const { app, report, series } = model
  const title = app === '' ? 'l2met report' : app
  setText(document.getElementById('app'), title)
  document.title = title
  const from = Date.parse(report.from)
  const to = Date.parse(report.to)
  const span = `${formatDay(from)} ${formatClock(from)} to ${formatDay(to)} ${formatClock(to)} (${formatSpan(report.seconds)})`
  setText(document.getElementById('span'), report.from === null ? 'no line had a time' : span)
  const { coverage } = series.health
  const lines = `${formatCount(report.lines.read)} lines`
  const covered = coverage === null ? '' : ` · ${formatShare(coverage)} of lines covered`
  setText(document.getElementById('health'), lines + covered)
}
