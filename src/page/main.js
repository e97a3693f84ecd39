import { forgetColours } from './charts/chart.js'
import { keepInAddress, showBanner, showControls, showStream, startControls } from './controls.js'
import { makeUnknownApp, makeWelcome } from './empty.js'
import { formatClock, formatRate, formatSeconds } from './format.js'
import { showHealth } from './health.js'
import { overlay, toModel } from './state/model.js'
import { RANGES, fetchApps, fetchSeries, openStream } from './state/source.js'
import { asked, newestApp, takeApps, takeSeries } from './state/start.js'
import { startTheme } from './state/theme.js'
import { createView } from './view.js'

/** How long to wait before trying again, ms. */
const RETRY_MS = 3000
/** How often to look for new apps, ms. */
const LIST_MS = 60_000

const page = Object.fromEntries(
  ['theme', 'health', 'main', 'view'].map((id) => [id, document.getElementById(id)]),
)

const state = {
  app: '',
  range: RANGES[0],
  isLive: true,
  apps: [],
  /** The server's clock less this one, ms. */
  ahead: 0,
  /** The answer on the screen; null before the first. */
  answer: null,
  model: null,
  fetchedAt: 0,
  /** The server's time of what is on the screen. */
  seenAt: 0,
  listedAt: 0,
  /** Counts changes of app, range and mode: what was asked before one is of no use after it. */
  turn: 0,
  closeStream: () => {},
  stream: 'none',
  view: null,
  isRefreshing: false,
  isDrawing: false,
}

start()

function start() {
  Object.assign(state, asked)
  startControls({
    onApp: pick,
    onRange: (range) => go({ range }),
    onLive: () => go({ isLive: !state.isLive }),
  })
  window.addEventListener('popstate', () => location.reload())
  document.addEventListener('visibilitychange', () => draw())
  startTheme(page.theme, () => {
    forgetColours()
    draw()
  })
  setInterval(tick, 1000)
  void begin()
}

/** From the list of apps to the first picture. */
async function begin() {
  const turn = (state.turn += 1)
  state.closeStream()
  state.stream = 'none'
  showControls(state)
  try {
    await listApps()
    if (turn !== state.turn) return
    const { apps } = state
    if (state.app === '' && apps.length > 0) state.app = newestApp(apps)
    if (!apps.some(({ app }) => app === state.app)) {
      const isEmpty = apps.length === 0
      showInstead(isEmpty ? makeWelcome() : makeUnknownApp(state.app, apps, pick), turn)
      return
    }
    showControls(state)
    keepInAddress(state)
    await load(turn)
    if (turn === state.turn && state.isLive) follow(turn)
  } catch (error) {
    failed(error, turn, begin)
  }
}

async function listApps() {
  state.listedAt = Date.now()
  const { apps, ahead } = await (takeApps() ?? fetchApps())
  if (state.answer === null) state.ahead = ahead
  const isSame = apps.map(({ app }) => app).join() === state.apps.map(({ app }) => app).join()
  state.apps = apps
  if (!isSame) showControls(state)
}

async function load(turn) {
  const { app, range } = state
  const answer = (await takeSeries(app, range)) ?? (await fetchSeries(app, range, serverNow()))
  if (turn !== state.turn) return
  state.answer = answer
  state.model = null
  state.fetchedAt = Date.now()
  state.seenAt = Date.parse(answer.now)
  state.ahead = state.seenAt - Date.now()
  showBanner('')
  draw()
}

function follow(turn) {
  state.closeStream()
  let lastId = ''
  state.closeStream = openStream(state.app, state.range, {
    onState: (stream) => {
      if (turn !== state.turn) return
      state.stream = stream
      if (stream === 'open') showBanner('')
    },
    onSeries: (live, id) => {
      if (turn !== state.turn) return
      state.answer = overlay(state.answer, live)
      state.model = null
      state.seenAt = Date.parse(live.now)
      state.ahead = state.seenAt - Date.now()
      showBanner('')
      draw()
      // A step is over: the figures over the whole range have to come from the server.
      const age = Date.now() - state.fetchedAt
      if (id !== lastId && lastId !== '' && age > state.range.refresh * 1000) refresh(turn)
      lastId = id
    },
    onReset: () => refresh(turn),
    onTrouble: (message) => showBanner(`${message}: what you see is old.`),
  })
}

function refresh(turn, then = () => {}) {
  if (state.isRefreshing) return
  state.isRefreshing = true
  load(turn)
    .then(() => turn === state.turn && then(turn))
    .catch((error) => failed(error, turn, () => refresh(turn, then)))
    .finally(() => {
      state.isRefreshing = false
    })
}

function pick(app) {
  go({ app })
}

/** Goes to another app, range or mode. */
function go(change) {
  const isOther = change.app !== undefined && change.app !== state.app
  Object.assign(state, change)
  if (isOther) {
    state.answer = state.model = state.view = null
    page.view.replaceChildren()
  }
  keepInAddress(state)
  void begin()
}

function showInstead(element, turn) {
  state.answer = state.model = state.view = null
  // What is there stays: somebody may be about to use it.
  if (!page.view.firstChild?.isEqualNode(element)) page.view.replaceChildren(element)
  showBanner('')
  setTimeout(() => turn === state.turn && begin(), RETRY_MS)
}

function failed(error, turn, again) {
  if (turn !== state.turn) return
  const since = state.answer === null ? '' : ` What you see is of ${formatClock(state.seenAt)}.`
  showBanner(`${capital(error.message)}.${since} Trying again every few seconds.`)
  setTimeout(() => turn === state.turn && again(), RETRY_MS)
}

/** Draws once a frame at the most, and not at all where nobody looks. */
function draw() {
  if (state.answer === null || state.isDrawing || document.hidden) return
  state.isDrawing = true
  requestAnimationFrame(() => {
    state.isDrawing = false
    if (state.answer === null) return
    if (state.view === null) {
      page.view.replaceChildren()
      state.view = createView(page.view)
    }
    state.model ??= toModel(state.answer, firstLineOf(state.app))
    state.view.update(state.model)
    if (page.main.dataset.state !== 'ready') performance.mark('charts')
    page.main.dataset.state = 'ready'
    tick()
  })
}

/** What changes by itself: ages, and a look at the server where no stream tells. */
function tick() {
  showHealth(page.health, state.model, serverNow())
  if (state.model !== null) document.title = titleOf(state.model)
  showStream(state.isLive ? state.stream : 'none')
  const age = Date.now() - state.fetchedAt
  const every = Math.max(state.range.step, state.range.refresh) * 1000
  if (state.isLive && state.stream === 'refused' && age > every && state.answer !== null) {
    state.fetchedAt = Date.now()
    // It may be taken now: a server that was restarted didn't know the app at first.
    refresh(state.turn, follow)
  }
  if (state.isLive && state.stream === 'waiting') {
    showBanner(
      `The stream was cut; connecting again. What you see is of ${formatClock(state.seenAt)}.`,
    )
  }
  if (Date.now() - state.listedAt > LIST_MS && !document.hidden) listApps().catch(() => {})
}

function titleOf({ app, report }) {
  const rate = formatRate(report.requests.perSecond)
  return `${app} · ${rate} · p95 ${formatSeconds(report.service?.p95)}`
}

function firstLineOf(name) {
  const time = state.apps.find(({ app }) => app === name)?.firstLine ?? null
  return time === null ? 0 : Date.parse(time)
}

function serverNow() {
  return Date.now() + state.ahead
}

function capital(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
