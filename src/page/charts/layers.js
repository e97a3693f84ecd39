import { colourOf } from '../dom.js'

/** Kinds of events that are marked, and their colours. */
export const MARKS = new Map([
  ['release', 'mark-release'],
  ['scale', 'mark-scale'],
  ['crash', 'mark-crash'],
])
/** Silence shorter than this says nothing: a quiet app writes no lines, ms. */
const SILENCE_MS = 60_000

/** Releases, scalings and crashes as lines through the chart, with a label where there is room. */
export function drawMarks(plot, model) {
  const marks = model.events.filter(({ kind }) => MARKS.has(kind))
  if (marks.length === 0) return
  const { ctx, bbox } = plot
  const ratio = window.devicePixelRatio || 1
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top - 10 * ratio, bbox.width, bbox.height + 10 * ratio)
  ctx.clip()
  ctx.font = `600 ${10 * ratio}px ${colourOf('sans')}`
  ctx.textBaseline = 'top'
  ctx.textAlign = 'left'
  ctx.lineWidth = ratio
  let free = -Infinity
  for (const { time, kind, text } of marks) {
    const x = Math.round(plot.valToPos(Date.parse(time) / 1000, 'x', true)) + 0.5
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.strokeStyle = ctx.fillStyle = colourOf(MARKS.get(kind))
    ctx.setLineDash(kind === 'scale' ? [3 * ratio, 3 * ratio] : [])
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
    const label = kind === 'crash' ? '✕' : kind === 'scale' ? '⇅' : text
    const width = ctx.measureText(label).width
    if (x <= free || x + width + 4 * ratio > bbox.left + bbox.width) continue
    free = x + width + 8 * ratio
    ctx.fillText(label, x + 3 * ratio, bbox.top - 8 * ratio)
  }
  ctx.restore()
}

/** A veil over the step that isn't over: its counts still grow, and its percentiles are of few requests. */
export function drawUnfinished(plot, { from, step, last, times }) {
  if (last >= times.length - 1) return
  const { ctx, bbox } = plot
  const start = plot.valToPos((from + (last + 1) * step) / 1000, 'x', true)
  const left = Math.max(start, bbox.left)
  ctx.save()
  ctx.globalAlpha = 0.6
  ctx.fillStyle = colourOf('panel')
  ctx.fillRect(left, bbox.top - 1, bbox.left + bbox.width - left, bbox.height + 2)
  ctx.restore()
}

/** Hatches the times in which no line came, so that an empty chart isn't taken for a calm one. */
export function drawSilence(plot, model) {
  const { ctx, bbox } = plot
  const runs = silences(model)
  if (runs.length === 0) return
  const ratio = window.devicePixelRatio || 1
  ctx.save()
  ctx.strokeStyle = colourOf('hatch')
  ctx.lineWidth = ratio
  for (const [from, to] of runs) {
    if (to <= model.viewFrom) continue
    const left = Math.max(plot.valToPos(from / 1000, 'x', true), bbox.left)
    const right = Math.min(plot.valToPos(to / 1000, 'x', true), bbox.left + bbox.width)
    ctx.save()
    ctx.beginPath()
    ctx.rect(left, bbox.top, right - left, bbox.height)
    ctx.clip()
    ctx.beginPath()
    for (let x = left - bbox.height; x < right; x += 9 * ratio) {
      ctx.moveTo(x, bbox.top + bbox.height)
      ctx.lineTo(x + bbox.height, bbox.top)
    }
    ctx.stroke()
    ctx.restore()
  }
  ctx.restore()
}

/** Spans [from, to) without a line, ms; what is yet to come isn't silence. */
function silences({ from, step, now, lines }) {
  const runs = []
  let start = null
  for (let i = 0; i <= lines.length; i += 1) {
    const at = Math.min(from + i * step, now)
    const isSilent = i < lines.length && lines[i] === null && from + i * step < now
    if (isSilent) start ??= at
    else if (start !== null) {
      if (at - start >= SILENCE_MS) runs.push([start, at])
      start = null
    }
  }
  return runs
}
