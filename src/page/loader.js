import { showBanner, showControls } from './controls.js'
import { makeBadAddress, makeBadSpan, makeUnknownApp, makeVanished, makeWelcome } from './empty.js'
import { formatClock } from './format.js'
import { fetchEarlier } from './state/compare.js'
import { overlay } from './state/model.js'
import { gridOf, isMoving, problemOfSpan } from './state/ranges.js'
import { fetchApps, fetchSeries, openStream } from './state/source.js'
import { newestApp, takeApps, takeSeries } from './state/start.js'

/** How long to wait before trying again, ms. */
const RETRY_MS = 3000

/**
 * Keeps `state` up to date with the server: apps, an answer for what is chosen, and the stream.
 * @param {object} state of main.js
 * @param {object} on
 * @param {() => void} on.answer there is something new to draw
 * @param {(element: HTMLElement) => void} on.instead there is nothing to draw: an element says why
 * @param {() => void} on.app the app is known now
 * @param {(change: object) => void} on.pick a choice was made on such an element
 */
export function createLoader(state, on) {
  /** Counts changes of what is chosen: an answer to a question from before one is of no use. */
  let turn = 0
  let isRefreshing = false
  let closeStream = null

  /** From the list of apps to the first picture. */
  const begin = async () => {
    const mine = (turn += 1)
    closeStream?.()
    state.stream = 'none'
    if (state.problems.length > 0) {
      on.instead(makeBadAddress(state.problems, on.pick))
      return
    }
    showControls(state)
    try {
      await listApps()
      if (mine !== turn) return
      const { apps } = state
      if (state.app === '' && apps.length > 0) state.app = newestApp(apps)
      if (!apps.some(({ app }) => app === state.app)) return instead(makeAbsent(), mine)
      const problem = isMoving(state.range) ? '' : problemOfSpan(state.range, serverNow(state))
      if (problem !== '') return on.instead(makeBadSpan(problem, on.pick))
      showControls(state)
      on.app()
      await load(mine)
      if (mine === turn && isFollowing(state)) follow(mine)
    } catch (error) {
      failed(error, mine, begin)
    }
  }

  const makeAbsent = () => {
    const { app, apps, hadAnswer } = state
    if (hadAnswer === app && app !== '') return makeVanished(app, apps, on.pick)
    return apps.length === 0 ? makeWelcome() : makeUnknownApp(app, apps, on.pick)
  }

  const listApps = async () => {
    state.listedAt = Date.now()
    const { apps, ahead } = await (takeApps() ?? fetchApps())
    if (state.answer === null) state.ahead = ahead
    state.apps = apps
    showControls(state)
  }

  const load = async (mine) => {
    const { app, range, focus } = state
    const grid = gridOf(range, serverNow(state))
    const [answer, earlier] = await Promise.all([
      takeSeries(state).then((taken) => taken ?? fetchSeries(app, grid, focus)),
      fetchEarlier(state, serverNow(state)),
    ])
    if (mine !== turn) return
    state.earlier = earlier
    state.refresh = grid.refresh
    state.fetchedAt = Date.now()
    state.hadAnswer = app
    show(answer)
  }

  const show = (answer) => {
    state.answer = answer
    state.model = null
    state.seenAt = Date.parse(answer.now)
    state.ahead = state.seenAt - Date.now()
    showBanner('')
    on.answer()
  }

  const follow = (mine) => {
    closeStream?.()
    if (Object.keys(state.focus).length > 0) {
      state.stream = 'polling'
      return
    }
    let lastId = ''
    closeStream = openStream(state.app, state.answer.step * 1000, {
      onState: (stream) => {
        if (mine !== turn) return
        state.stream = stream
        if (stream === 'open') showBanner('')
      },
      onSeries: (live, id) => {
        if (mine !== turn) return
        show(overlay(state.answer, live))
        // A step is over: the figures over the whole range have to come from the server.
        const age = Date.now() - state.fetchedAt
        if (id !== lastId && lastId !== '' && age > state.refresh * 1000) refresh(mine)
        lastId = id
      },
      onReset: () => refresh(mine),
      onTrouble: (message) => {
        if (mine === turn) showBanner(`${capital(message)}; /readyz says why. ${asOf()}`)
      },
    })
  }

  const refresh = (mine, then = () => {}) => {
    if (isRefreshing) return
    isRefreshing = true
    load(mine)
      .then(() => mine === turn && then(mine))
      .catch((error) => failed(error, mine, () => refresh(mine, then)))
      .finally(() => {
        isRefreshing = false
      })
  }

  const instead = (element, mine) => {
    on.instead(element)
    setTimeout(() => mine === turn && begin(), RETRY_MS)
  }

  const failed = (error, mine, again) => {
    if (mine !== turn) return
    // An app that was there and isn't: the server was restarted without its data.
    if (error.status === 404 && state.hadAnswer === state.app) {
      void begin()
      return
    }
    const since = state.answer === null ? '' : ` ${asOf()}`
    showBanner(`${capital(error.message)}.${since} Trying again every few seconds.`)
    setTimeout(() => mine === turn && again(), RETRY_MS)
  }

  const asOf = () => `Showing data as of ${formatClock(state.seenAt)}.`

  /** Asks again where no stream reports, as for a focus, or where it was refused. */
  const poll = () => {
    if (!isFollowing(state) || state.answer === null) return
    if (state.stream === 'waiting') showBanner(`The stream was cut; connecting again. ${asOf()}`)
    if (state.stream !== 'refused' && state.stream !== 'polling') return
    if (Date.now() - state.fetchedAt <= Math.max(state.answer.step, state.refresh) * 1000) return
    state.fetchedAt = Date.now()
    // A server that was restarted didn't know the app at first: the stream may be taken now.
    refresh(turn, follow)
  }

  return { begin, listApps, poll }
}

/** Whether what is shown moves on with time. */
export function isFollowing({ isLive, range }) {
  return isLive && isMoving(range)
}

export function serverNow({ ahead }) {
  return Date.now() + ahead
}

function capital(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
