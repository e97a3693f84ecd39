import { make, setText } from './dom.js'
import { RANGES } from './state/source.js'

/* What is at the top of the page: app, range, live or not, and what went wrong. */

const page = Object.fromEntries(
  ['app', 'ranges', 'live', 'banner'].map((id) => [id, document.getElementById(id)]),
)

/** Makes them work; `onApp` is given a name, `onRange` one of RANGES. */
export function startControls({ onApp, onRange, onLive }) {
  for (const range of RANGES) page.ranges.append(makeRange(range, onRange))
  page.app.addEventListener('change', () => onApp(page.app.value))
  page.live.addEventListener('click', onLive)
}

function makeRange(range, onRange) {
  const input = make('input', { type: 'radio', name: 'range', value: range.key })
  input.addEventListener('change', () => onRange(range))
  return make('label', {}, [input, make('span', { text: range.title })])
}

/** Shows what is chosen, and the apps there are to choose from. */
export function showControls({ app, apps, range, isLive }) {
  const names = [...new Set([...apps.map((one) => one.app), ...(app === '' ? [] : [app])])]
  const shown = [...page.app.options].map(({ value }) => value)
  // A list that is open closes when it is made anew.
  if (shown.join() !== names.join()) {
    page.app.replaceChildren(...names.map((name) => make('option', { value: name, text: name })))
  }
  page.app.value = app
  page.app.disabled = names.length === 0
  for (const input of page.ranges.querySelectorAll('input')) {
    input.checked = input.value === range.key
  }
  page.live.setAttribute('aria-pressed', String(isLive))
}

/** How the stream is: `open`, `waiting`, `refused` or `none`. */
export function showStream(stream) {
  page.live.dataset.stream = stream
}

/** What is chosen, for a reload or a colleague. */
export function keepInAddress({ app, range, isLive }) {
  const query = new URLSearchParams({ app, range: range.key })
  if (!isLive) query.set('live', '0')
  history.replaceState(null, '', `?${query}`)
}

/** Says what went wrong; nothing when the text is empty. */
export function showBanner(text) {
  setText(page.banner, text)
  page.banner.hidden = text === ''
}
