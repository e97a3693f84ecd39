import { RANGES, fetchApps, fetchSeries } from './source.js'

/* Runs before the rest of the page has come, and asks for what the first picture needs. */

const query = new URLSearchParams(location.search)

/** What the address asks for; `app` is empty when it names none. */
export const asked = {
  app: query.get('app') ?? '',
  range: RANGES.find(({ key }) => key === query.get('range')) ?? RANGES[0],
  isLive: query.get('live') !== '0',
}

let apps = fetchApps()
let first = apps.then(askFirst)
// They are awaited later, by whoever shows what went wrong. Without apps there is nothing to await.
apps.catch(() => {
  first = null
})
first.catch(() => {})

/** The answer to the first question for apps; null when it was taken. */
export function takeApps() {
  const taken = apps
  apps = null
  return taken
}

/** The series of the first picture; null when they were taken, or are of another app or range. */
export async function takeSeries(app, range) {
  const asking = first
  // Taken even when it failed: who tries again has to ask anew.
  first = null
  const taken = await asking
  return taken?.app === app && range === asked.range ? taken.series : null
}

/** The app that was last heard of. */
export function newestApp(known) {
  const byTime = known.toSorted((a, b) => ((a.lastLine ?? '') < (b.lastLine ?? '') ? 1 : -1))
  return byTime[0].app
}

/** Asks for what the address names, when it is there. */
async function askFirst({ apps: known, ahead }) {
  if (known.length === 0) return null
  const app = asked.app === '' ? newestApp(known) : asked.app
  if (!known.some((one) => one.app === app)) return null
  return { app, series: await fetchSeries(app, asked.range, Date.now() + ahead) }
}
