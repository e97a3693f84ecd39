import { make, setText } from './dom.js'
import { formatRange } from './format.js'
import { RANGES, isMoving, problemOfSpan } from './state/ranges.js'
import { fromInput, toInput, zoneName } from './state/zone.js'

/* At the top of the page: app, range, live or not, and what went wrong. */

const page = Object.fromEntries(
  [
    'app',
    'ranges',
    'custom',
    'span',
    'span-from',
    'span-to',
    'span-zone',
    'span-problem',
    'live',
    'banner',
  ]
    .concat(['earlier', 'later', 'closer', 'wider', 'find', 'compare'])
    .map((id) => [id, document.getElementById(id)]),
)

/**
 * Makes them work.
 * @param {object} on
 * @param {(app: string) => void} on.app
 * @param {(range: import('./state/ranges.js').Range) => void} on.range
 * @param {() => void} on.live
 * @param {(direction: -1 | 1) => void} on.move
 * @param {(by: number) => void} on.scale
 * @param {(compare: string) => void} on.compare
 * @param {(find: string) => void} on.find
 * @param {() => {from: number, to: number, now: number}} on.shown what is on the screen, ms
 */
export function startControls(on) {
  for (const range of RANGES) page.ranges.append(makeRange(range, on.range))
  page.app.addEventListener('change', () => on.app(page.app.value))
  page.live.addEventListener('click', on.live)
  page.earlier.addEventListener('click', () => on.move(-1))
  page.later.addEventListener('click', () => on.move(1))
  page.closer.addEventListener('click', () => on.scale(0.5))
  page.wider.addEventListener('click', () => on.scale(2))
  page.compare.addEventListener('change', () => on.compare(page.compare.value))
  page.find.addEventListener('input', () => on.find(page.find.value))
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target.matches?.('input, select')) return
    event.preventDefault()
    page.find.focus()
    page.find.select()
  })
  startSpan(on)
}

function makeRange(range, onRange) {
  const input = make('input', { type: 'radio', name: 'range', value: range.key })
  input.addEventListener('change', () => onRange(range))
  return make('label', {}, [input, make('span', { text: range.title })])
}

/** The form for a span with absolute times. */
function startSpan(on) {
  const close = () => {
    page.span.hidden = true
    page.custom.setAttribute('aria-expanded', 'false')
  }
  page.custom.addEventListener('click', () => {
    if (!page.span.hidden) return close()
    const { from, to } = on.shown()
    page['span-from'].value = toInput(from)
    page['span-to'].value = toInput(to)
    setText(page['span-zone'], `Times are ${zoneName(to)}.`)
    setText(page['span-problem'], '')
    page.span.hidden = false
    page.custom.setAttribute('aria-expanded', 'true')
    page['span-from'].focus()
  })
  page.span.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return
    event.stopPropagation()
    close()
    page.custom.focus()
  })
  page.span.addEventListener('submit', (event) => {
    event.preventDefault()
    const span = { from: fromInput(page['span-from'].value), to: fromInput(page['span-to'].value) }
    const problem = problemOfSpan(span, on.shown().now)
    setText(page['span-problem'], problem)
    if (problem !== '') return
    close()
    page.custom.focus()
    on.range(span)
  })
}

/** Shows what is chosen, and the apps there are to choose from. */
export function showControls({ app, apps, range, isLive, find, compare }) {
  page.compare.value = compare
  if (page.find.value !== find) page.find.value = find
  const names = [...new Set([...apps.map((one) => one.app), ...(app === '' ? [] : [app])])]
  const shown = [...page.app.options].map(({ value }) => value)
  // A list that is open closes when it is filled again.
  if (shown.join('\0') !== names.join('\0')) {
    page.app.replaceChildren(...names.map((name) => make('option', { value: name, text: name })))
  }
  page.app.value = app
  page.app.disabled = names.length === 0
  for (const input of page.ranges.querySelectorAll('input')) {
    input.checked = input.value === range.key
  }
  const isSpan = !isMoving(range)
  setText(page.custom, isSpan ? formatRange(range.from, range.to) : 'Custom…')
  page.custom.classList.toggle('chosen', isSpan)
  page.live.setAttribute('aria-pressed', String(isLive && !isSpan))
}

/** How the stream is: `open`, `waiting`, `refused` or `none`. */
export function showStream(stream) {
  page.live.dataset.stream = stream
}

/** Says what went wrong; nothing when the text is empty. */
export function showBanner(text) {
  setText(page.banner, text)
  page.banner.hidden = text === ''
}
