import { readAddress, toAddress } from './address.js'
import { gridOf } from './ranges.js'
import { fetchApps, fetchSeries } from './source.js'

/* Runs before the rest of the page has come, and asks for what the first picture needs. */

/** What the address asks for, and what of it isn't understood. */
export const asked = readAddress(location.search)

let apps = fetchApps()
let first = apps.then(askFirst)
// They are awaited later, where errors are shown. Without apps there is nothing to await.
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

/** The series of the first picture; null when they were taken, or something else is asked for by now. */
export async function takeSeries(chosen) {
  const asking = first
  // Taken even when it failed: the next try has to ask again.
  first = null
  const taken = await asking
  return taken !== null && taken?.address === toAddress({ ...chosen, isLive: true })
    ? taken.series
    : null
}

/** The app that was last heard of. */
export function newestApp(known) {
  const byTime = known.toSorted((a, b) => ((a.lastLine ?? '') < (b.lastLine ?? '') ? 1 : -1))
  return byTime[0].app
}

/** Asks for what the address names, when it is there. */
async function askFirst({ apps: known, ahead }) {
  const { chosen, problems } = asked
  if (known.length === 0 || problems.length > 0) return null
  const app = chosen.app === '' ? newestApp(known) : chosen.app
  if (!known.some((one) => one.app === app)) return null
  const address = toAddress({ ...chosen, app, isLive: true })
  return {
    address,
    series: await fetchSeries(app, gridOf(chosen.range, Date.now() + ahead), chosen.focus),
  }
}
