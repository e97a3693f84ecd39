import { MARKS } from './layers.js'
import { colourOf, make } from '../dom.js'

/**
 * A small picture of counts by step, over the whole width of its element.
 * @returns {{element: HTMLElement, update: (model: object, values: (number | null)[], colour: string) => void}}
 */
export function createStrip(height, look = 'bars') {
  const canvas = make('canvas.strip', { 'aria-hidden': 'true' })
  canvas.style.height = `${height}px`
  let last = null
  // As the observer says: asking the element would lay the page out each time.
  let width = 0
  const draw = () => {
    if (last === null || width === 0) return
    const ratio = window.devicePixelRatio || 1
    canvas.width = width * ratio
    canvas.height = height * ratio
    const ctx = canvas.getContext('2d')
    if (look === 'bars') {
      drawEvents(ctx, last.model, ratio)
      drawBars(ctx, last.values, colourOf(last.colour), ratio)
    } else drawLine(ctx, last.values, colourOf(last.colour), ratio)
  }
  new ResizeObserver(([entry]) => {
    width = Math.round(entry.contentRect.width)
    draw()
  }).observe(canvas)
  return {
    element: canvas,
    update: (model, values, colour) => {
      last = {
        model,
        values: values.slice(
          Math.floor((model.viewFrom - model.from) / model.step),
          Math.ceil((model.viewTo - model.from) / model.step),
        ),
        colour,
      }
      draw()
    },
  }
}

function drawBars(ctx, values, colour, ratio) {
  const { width, height } = ctx.canvas
  const most = Math.max(1, ...values.map((value) => value ?? 0))
  const wide = width / values.length
  ctx.fillStyle = colourOf('grid')
  ctx.fillRect(0, height - ratio, width, ratio)
  ctx.fillStyle = colour
  values.forEach((value, i) => {
    if (!(value > 0)) return
    const tall = Math.max((value / most) * height, 3 * ratio)
    ctx.fillRect(Math.floor(i * wide), height - tall, Math.max(wide - ratio, 2 * ratio), tall)
  })
}

function drawLine(ctx, values, colour, ratio) {
  const { width, height } = ctx.canvas
  const known = values.filter((value) => value !== null)
  const low = Math.min(...known)
  const range = Math.max(...known) - low || 1
  ctx.strokeStyle = colour
  ctx.lineWidth = 1.25 * ratio
  ctx.beginPath()
  values.forEach((value, i) => {
    if (value === null) return
    const y = height - 2 * ratio - ((value - low) / range) * (height - 4 * ratio)
    ctx.lineTo(((i + 0.5) / values.length) * width, y)
  })
  ctx.stroke()
}

function drawEvents(ctx, { events, viewFrom, viewTo }, ratio) {
  const { width, height } = ctx.canvas
  ctx.globalAlpha = 0.35
  for (const { time, kind } of events.filter(({ kind }) => MARKS.has(kind))) {
    ctx.fillStyle = colourOf(MARKS.get(kind))
    ctx.fillRect(
      Math.round(((Date.parse(time) - viewFrom) / (viewTo - viewFrom)) * width),
      0,
      ratio,
      height,
    )
  }
  ctx.globalAlpha = 1
}
