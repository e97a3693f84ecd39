import { type BoardState, renderBoard, scrollLimits, slotsIn } from '../render/board.ts'
import { type BoardView, boardViewOf } from '../render/board-view.ts'
import { viewOf } from '../render/local-report.ts'
import { ROUTE_ORDERS } from '../render/route-order.ts'
import { createScreen } from '../render/screen.ts'
import { renderReport } from '../render/text-report.ts'
import type { LocalOptions } from '../args.ts'
import { createFlowClock } from './clock.ts'
import { type Key, openKeys } from './keys.ts'
import { createLiveCounts } from './live.ts'
import { type OutputStyle, reportWidth, say } from '../output.ts'
import { type Reporter, type Write, countOptions, textOptions, viewOptions } from '../report.ts'
import type { Run } from '../range.ts'
import type { Stop } from '../stop.ts'
import { type Terminal, holdTerminal } from './terminal.ts'

/** At most ten paintings a second. */
const PAINT_MS = 100
/** The last minutes are merged four times a second at most, and in a tenth of the time. */
const VIEW_MS = 250
const VIEW_SHARE = 10
/** Without a line the clock goes on. */
const IDLE_MS = 1000
const PAGE = 10

/** The live board; when it ends, the report of all that was counted. */
export function reportBoard(
  options: LocalOptions,
  run: Run,
  style: OutputStyle,
  stop: Stop,
  write: Write,
): Reporter {
  const counts = createLiveCounts(countOptions(options, run))
  const screen = createScreen(write)
  const flow = createFlowClock(Date.now())
  const next = { viewAt: 0, paintAt: 0 }
  let view: BoardView | undefined
  let state: BoardState = {
    ...START,
    order: options.sort ?? 'requests',
    ...sizeOfTerminal(),
    where: options.whereTexts,
  }
  let isStale = true

  function see(now: number): void {
    const started = performance.now()
    view = boardViewOf({
      ...flow.see(now, counts.lines(), counts.newest()),
      ...counts.recent(),
      rateHistory: counts.rateHistory,
      slots: slotsIn(state.columns),
    })
    next.viewAt = now + Math.max(VIEW_MS, (performance.now() - started) * VIEW_SHARE)
    isStale = true
  }

  function paint(): void {
    const now = Date.now()
    const isIdle = view?.lines === counts.lines()
    if (view === undefined) see(now)
    else if (!state.paused && now >= next.viewAt + (isIdle ? IDLE_MS : 0)) see(now)
    if (!isStale || now < next.paintAt) return
    screen.draw(renderBoard(view!, state, style.style))
    isStale = false
    next.paintAt = now + PAINT_MS
  }

  function onKey(key: Key): void {
    if (key === 'quit') stop.now()
    else if (key === 'interrupt') signalAll('SIGINT')
    else if (key === 'suspend') signalAll('SIGTSTP')
    else {
      state = stateAfter(state, key, view)
      isStale = true
      paint()
    }
  }

  function onResize(): void {
    state = { ...state, ...sizeOfTerminal() }
    screen.forget()
    if (!state.paused) view = undefined
    isStale = true
    paint()
  }

  let terminal: Terminal | undefined
  // Until the first line, what the program before the pipe says on stderr stays where it can be read.
  const takeTerminal = (): void => {
    if (terminal !== undefined || counts.lines() === 0) return
    const keys = openKeys(onKey)
    state = { ...state, hasKeys: keys !== undefined }
    terminal = holdTerminal(screen, keys, onResize)
  }
  say('waiting for the first line')
  const timer = setInterval(() => {
    takeTerminal()
    if (terminal !== undefined) paint()
  }, PAINT_MS)

  return {
    counter: counts.counter,
    finish() {
      clearInterval(timer)
      terminal?.release()
      if (terminal === undefined) say('the program before the pipe ended without a line')
      const { window, requests } = counts.total()
      // In the order that was chosen on the board.
      const shown = { ...options, sort: state.order === 'requests' ? options.sort : state.order }
      const report = viewOf(window, requests, viewOptions(shown))
      const width = reportWidth(state.columns)
      write(renderReport(report, textOptions(shown, run, { ...style, width, tableWidth: width })))
      return report
    },
  }
}

const START = {
  paused: false,
  order: 'requests',
  routesFrom: 0,
  dynosFrom: 0,
  hasKeys: false,
} as const

function sizeOfTerminal(): { readonly columns: number; readonly rows: number } {
  return { columns: process.stdout.columns || 80, rows: process.stdout.rows || 24 }
}

function stateAfter(state: BoardState, key: Key, view: BoardView | undefined): BoardState {
  const limits = view === undefined ? { routes: 0, dynos: 0 } : scrollLimits(view, state)
  const routes = (step: number) => ({
    ...state,
    routesFrom: Math.min(Math.max(0, state.routesFrom + step), limits.routes),
  })
  const dynos = (step: number) => ({
    ...state,
    dynosFrom: Math.min(Math.max(0, state.dynosFrom + step), limits.dynos),
  })
  switch (key) {
    case 'pause':
      return { ...state, paused: !state.paused }
    case 'sort': {
      const order = ROUTE_ORDERS[(ROUTE_ORDERS.indexOf(state.order) + 1) % ROUTE_ORDERS.length]!
      return { ...state, order, routesFrom: 0 }
    }
    case 'up':
      return routes(-1)
    case 'down':
      return routes(1)
    case 'page-up':
      return routes(-PAGE)
    case 'page-down':
      return routes(PAGE)
    case 'left':
      return dynos(-1)
    case 'right':
      return dynos(1)
    default:
      return { ...state, routesFrom: 0, dynosFrom: 0 }
  }
}

/** What Ctrl-C and Ctrl-Z do to all programs of a pipe, since raw keys keep the terminal from it. */
function signalAll(signal: NodeJS.Signals): void {
  process.kill(0, signal)
}
