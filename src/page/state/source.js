/** What went wrong with a request; `status` is 0 when no answer came. */
class RequestFailed extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

/**
 * Seconds: of the range, of its steps, and after how many the whole range is fetched again, for figures
 * that the stream can't bring. The wider the range, the less one step changes them.
 */
export const RANGES = [
  { key: '15m', title: '15 min', seconds: 900, step: 10, refresh: 5 },
  { key: '1h', title: '1 h', seconds: 3600, step: 10, refresh: 40 },
  { key: '6h', title: '6 h', seconds: 21_600, step: 60, refresh: 240 },
  { key: '24h', title: '24 h', seconds: 86_400, step: 180, refresh: 360 },
]

const NAMES = [
  [
    'report',
    'lines',
    'events',
    'health',
    'requests',
    'service',
    'heat',
    'connect',
    'queue',
    'errors',
  ],
  ['memory', 'load', 'measure:*', 'count:*', 'sample:*', 'unique:*', 'addon:*'],
]
  .flat()
  .join(',')
const PATIENCE_MS = 20_000

/** The apps that lines came from, and how far the server's clock is ahead of this one, ms. */
export async function fetchApps() {
  const { body, date } = await getJson('api/apps')
  return { apps: body, ahead: date === null ? 0 : Date.parse(date) - Date.now() }
}

/** The whole range up to the end of the step that holds `now` (ms, the server's time to the second). */
export async function fetchSeries(app, { seconds, step }, now) {
  const end = (Math.floor(now / 1000 / step) + 1) * step
  const query = new URLSearchParams({
    app,
    name: NAMES,
    from: (end - seconds) * 1000,
    to: end * 1000,
    step,
  })
  return (await getJson(`api/series?${query}`)).body
}

/**
 * Follows the newest steps. The browser connects again by itself and goes on where it was; when the
 * server yielder the stream down for good, `onState` gets `refused`.
 */
export function openStream(app, { step }, { onSeries, onReset, onTrouble, onState }) {
  const stream = new EventSource(`api/live?${new URLSearchParams({ app, step })}`)
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
