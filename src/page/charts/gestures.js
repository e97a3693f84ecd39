/* Fingers, mouse and keys on charts: one set of actions for all charts of the page. */

let actions = { zoom: () => {}, back: () => {}, move: () => {}, scale: () => {} }

/**
 * @param {object} on
 * @param {(from: number, to: number) => void} on.zoom ms
 * @param {() => void} on.back
 * @param {(direction: -1 | 1) => void} on.move
 * @param {(by: number, about: number | null) => void} on.scale about a time, ms
 */
export function startGestures(on) {
  actions = on
  document.addEventListener('keydown', onKey)
}

/** A drag shorter than this is a click, px. */
const LEAST_DRAG_PX = 8

/** How uPlot is to treat the mouse: a drag selects a span, a double click goes back. */
export function cursorOptions() {
  return {
    // Others follow the cursor, not the drag.
    sync: {
      key: 'l2met',
      filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' },
    },
    drag: { x: true, y: false, setScale: false, dist: LEAST_DRAG_PX },
    bind: {
      dblclick: () => () => {
        actions.back()
        return null
      },
    },
    points: { size: 6 },
    y: false,
  }
}

/** Zooms to what was selected by a drag. */
export function takeSelection(plot) {
  const { left, width } = plot.select
  if (width < LEAST_DRAG_PX) return
  const [from, to] = [left, left + width].map((at) => plot.posToVal(at, 'x') * 1000)
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
  actions.zoom(from, to)
}

/** A finger moves the cursor of all charts; the page still scrolls up and down. */
export function followFinger(plot, setCursor) {
  const move = ({ pointerType, clientX }) => {
    if (pointerType === 'mouse') return
    const { left } = plot.over.getBoundingClientRect()
    setCursor(plot.posToIdx(clientX - left))
  }
  plot.over.addEventListener('pointerdown', move)
  plot.over.addEventListener('pointermove', move)
}

/** Runs the command of a key; `about` is the time (ms) of the cursor, null without one. */
export function actOnKey(event, about) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  const action = actionOf(event.key, about)
  if (action === undefined) return
  event.preventDefault()
  action()
}

/** Keys that work wherever nothing else takes them. */
function onKey(event) {
  const own = event.target.closest?.('input, select, textarea, .table, [data-own-keys]') ?? null
  if (own === null || event.key === 'Escape') actOnKey(event, null)
}

function actionOf(key, about) {
  switch (key) {
    case 'ArrowLeft':
      return () => actions.move(-1)
    case 'ArrowRight':
      return () => actions.move(1)
    case '+':
      return () => actions.scale(0.5, about)
    case '-':
      return () => actions.scale(2, about)
    case 'Escape':
      return actions.back
    default:
      return undefined
  }
}
