/** An error with what went wrong with a request; `status` is 0 when no answer came. */
class RequestFailed extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/** Facts of an app that no focus changes. */
const FRAME = ['lines', 'events', 'health']
const REPORT = [
  'report',
  'requests',
  'service',
  'heat',
  'connect',
  'queue',
  'errors',
  'memory',
  'load',
]
const OWN = ['measure:*', 'count:*', 'sample:*', 'unique:*', 'addon:*']
const PATIENCE_MS = 20_000

/** The apps that lines came from, and how far the server's clock is ahead of this one, ms. */
export async function fetchApps() {
  const { body, date } = await getJson('api/apps')
  return { apps: body, ahead: date === null ? 0 : Date.parse(date) - Date.now() }
}

/**
 * All series of a grid of steps; with a focus those that are stored for it, the others as null.
 * @param {{from: number, to: number, step: number}} grid ms
 * @param {string[] | null} names only these
 */
export async function fetchSeries(app, { from, to, step }, focus = {}, names = null) {
  const ask = async (names, cut) => {
    const query = new URLSearchParams({
      app,
      name: names.join(','),
      from,
      to,
      step: step / 1000,
      ...cut,
    })
    return (await getJson(`api/series?${query}`)).body
  }
  if (names !== null) return ask(names, focus)
  if (Object.keys(focus).length === 0) return ask([...FRAME, ...REPORT, ...OWN], {})
  const [whole, cut] = await Promise.all([ask(FRAME, {}), ask(REPORT, focus)])
  return { ...cut, series: { ...whole.series, ...cut.series } }
}

/**
 * Follows the newest steps. The browser connects again by itself and goes on where it was; when the
 * server turned the stream down for good, `onState` gets `refused`.
 */
export function openStream(app, step, { onSeries, onReset, onTrouble, onState }) {
  const stream = new EventSource(`api/live?${new URLSearchParams({ app, step: step / 1000 })}`)
  stream.addEventListener('open', () => onState('open'))
  stream.addEventListener('error', () => {
    onState(stream.readyState === EventSource.CLOSED ? 'refused' : 'waiting')
  })
  stream.addEventListener('series', ({ data, lastEventId }) =>
    onSeries(JSON.parse(data), lastEventId),
  )
  stream.addEventListener('reset', onReset)
  stream.addEventListener('trouble', ({ data }) => onTrouble(JSON.parse(data).error))
  return () => stream.close()
}

async function getJson(url) {
  let response
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS), cache: 'no-store' })
  } catch {
    throw new RequestFailed(0, 'the server can’t be reached')
  }
  const body = await response.json().catch(() => null)
  if (!response.ok || body === null) {
    throw new RequestFailed(
      response.status,
      body?.error ?? `the server answered ${response.status}`,
    )
  }
  return { body, date: response.headers.get('date') }
}
