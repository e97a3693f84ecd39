import { forgetColours } from './charts/chart.js'
import { startGestures } from './charts/gestures.js'
import { showBanner, showControls, showStream, startControls } from './controls.js'
import { joinFocus, showFocus, startFocus } from './focus.js'
import { formatRate, formatSeconds } from './format.js'
import { showHealth } from './health.js'
import { createLoader, isFollowing, serverNow } from './loader.js'
import { readAddress, toAddress } from './state/address.js'
import { toModel } from './state/model.js'
import { RANGES, isMoving, isSameRange, moved, scaled, widened } from './state/ranges.js'
import { asked } from './state/start.js'
import { startTheme } from './state/theme.js'
import { startZone } from './state/zone.js'
import { createView } from './view.js'

/** How often to look for new apps, ms. */
const LIST_MS = 60_000

const page = Object.fromEntries(
  ['theme', 'zone', 'health', 'focus', 'main', 'view'].map((id) => [
    id,
    document.getElementById(id),
  ]),
)

const state = {
  ...asked.chosen,
  /** What of the address isn't understood. */
  problems: asked.problems,
  apps: [],
  /** The server's clock less this one, ms. */
  ahead: 0,
  /** The answer on the screen; null before the first. */
  answer: null,
  model: null,
  /** The answer that it is compared with. */
  earlier: null,
  /** The app that an answer came for. */
  hadAnswer: '',
  fetchedAt: 0,
  refresh: 0,
  /** The server's time of what is on the screen. */
  seenAt: 0,
  listedAt: 0,
  stream: 'none',
  view: null,
  isDrawing: false,
  /** Ranges that a zoom or a move left, for the way back. */
  before: [],
}

const loader = createLoader(state, {
  answer: draw,
  instead: showInstead,
  app: () => {
    history.replaceState(null, '', toAddress(state))
    showFocus(page.focus, state.focus, (focus) => go({ focus }))
  },
  pick: (change) => go({ ...change, problems: [] }),
})

start()

function start() {
  startControls({
    app: (app) => go({ app, focus: {} }),
    range: (range) => go({ range, before: [...state.before, state.range] }),
    live: toggleLive,
    move,
    scale: (by) => scale(by, null),
    compare: (compare) => go({ compare }),
    find: (find) => {
      state.find = find
      history.replaceState(null, '', toAddress(state))
      redraw()
    },
    shown: () => ({ ...shownSpan(), now: serverNow(state) }),
  })
  startFocus({
    focus: (change) => go({ focus: joinFocus(state.focus, change) }),
    span: (from, to) => zoom(from, to),
  })
  startGestures({ zoom, back, move, scale })
  window.addEventListener('popstate', takeAddress)
  document.addEventListener('visibilitychange', () => draw())
  startTheme(page.theme, redraw)
  startZone(page.zone, redraw)
  setInterval(tick, 1000)
  void loader.begin()
}

function redraw() {
  forgetColours()
  showControls(state)
  if (state.view !== null) draw({ isWhole: true })
}

/** Goes to another app, range, focus or mode, which the button Back leaves again. */
function go(change) {
  const isOther = change.app !== undefined && change.app !== state.app
  const before = toAddress(state)
  Object.assign(state, change)
  if (isOther) forget()
  const address = toAddress(state)
  if (address !== before) history.pushState(null, '', address)
  void loader.begin()
}

function takeAddress() {
  const { chosen, problems } = readAddress(location.search)
  if (chosen.app !== state.app) forget()
  Object.assign(state, chosen, { problems, before: [] })
  showControls(state)
  void loader.begin()
}

function toggleLive() {
  if (isMoving(state.range)) go({ isLive: !state.isLive })
  else go({ range: state.before.find(isMoving) ?? RANGES[0], isLive: true, before: [] })
}

/** What is on the screen, ms. */
function shownSpan() {
  if (!isMoving(state.range)) return state.range
  const to = Math.floor(serverNow(state) / 1000) * 1000
  return { from: to - state.range.seconds * 1000, to }
}

function goToRange(range) {
  if (!isSameRange(range, state.range)) go({ range, before: [...state.before, state.range] })
}

function zoom(from, to) {
  if (state.answer === null) return
  const now = serverNow(state)
  const span = widened({ from: Math.floor(from), to: Math.ceil(Math.min(to, now)) }, now)
  goToRange({ from: span.from, to: span.to })
}

function back() {
  const range = state.before.at(-1) ?? (isMoving(state.range) ? undefined : RANGES[0])
  if (range !== undefined) go({ range, before: state.before.slice(0, -1) })
}

function move(direction) {
  if (state.answer !== null) goToRange(moved(state.range, direction, serverNow(state)))
}

function scale(by, about) {
  if (state.answer !== null) goToRange(scaled(state.range, by, serverNow(state), about))
}

function forget() {
  state.answer = state.model = state.view = null
  page.view.replaceChildren()
}

function showInstead(element) {
  state.answer = state.model = state.view = null
  page.focus.hidden = true
  // An equal one stays: somebody may be about to use it.
  if (!page.view.firstChild?.isEqualNode(element)) page.view.replaceChildren(element)
  showBanner('')
}

/** Draws once a frame at the most, and not at all where nobody looks. */
function draw({ isWhole = false } = {}) {
  if (isWhole) state.model = null
  if (state.answer === null || state.isDrawing || document.hidden) return
  state.isDrawing = true
  requestAnimationFrame(() => {
    state.isDrawing = false
    if (state.answer === null) return
    if (state.view === null) {
      page.view.replaceChildren()
      state.view = createView(page.view)
    }
    state.model ??= modelOf(state)
    state.view.update(state.model, isWhole)
    if (page.main.dataset.state !== 'ready') performance.mark('charts')
    page.main.dataset.state = 'ready'
    tick()
  })
}

function modelOf({ answer, apps, app, range }) {
  const firstLine = apps.find((one) => one.app === app)?.firstLine ?? null
  const isYoung = firstLine !== null && isMoving(range)
  return toModel(answer, {
    firstLine: isYoung ? Date.parse(firstLine) : 0,
    isLive: isFollowing(state),
    focus: state.focus,
    find: state.find,
    earlier: state.earlier,
  })
}

/** What changes by itself: ages, and a look at the server where no stream reports. */
function tick() {
  showHealth(page.health, state, serverNow(state))
  if (state.model !== null) document.title = titleOf(state.model)
  showStream(isFollowing(state) ? state.stream : 'none')
  loader.poll()
  if (Date.now() - state.listedAt > LIST_MS && !document.hidden) loader.listApps().catch(() => {})
}

function titleOf({ app, report }) {
  const rate = formatRate(report.requests?.perSecond)
  return `${app} · ${rate} · p95 ${formatSeconds(report.service?.p95)}`
}
