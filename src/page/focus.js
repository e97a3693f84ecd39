import { make } from './dom.js'

/* The focus of the page: one route, dyno or code that all of it is about. */

/**
 * What the page can be asked for from inside of it; null where nobody can answer, as in a file.
 * @type {null | {focus: (change: Record<string, string>) => void, span: (from: number, to: number) => void}}
 */
let actions = null

export function startFocus(on) {
  actions = on
}

/** A name that focuses the page on what it names; plain text where that can't be. */
export function makeFocus(kind, value, child, isPossible = true) {
  if (actions === null || !isPossible) return child
  return make(
    'button.name',
    {
      type: 'button',
      title: `Show only ${value}`,
      onclick: () => actions?.focus({ [kind]: value }),
    },
    [child],
  )
}

/** A text that shows a span of time (ms). */
export function makeSpan(text, title, from, to) {
  if (actions === null) return make('span', { text })
  return make('button.name', {
    type: 'button',
    text,
    title,
    onclick: () => actions?.span(from, to),
  })
}

/** A route and a dyno exclude one another, since nothing is stored by both; a code goes with either. */
export function joinFocus(focus, change) {
  const joined = { ...focus, ...change }
  if (change.route !== undefined) delete joined.dyno
  if (change.dyno !== undefined) delete joined.route
  return joined
}

/** The bar that names the focus, with a button for each part that takes it away. */
export function showFocus(element, focus, onChange) {
  const parts = Object.entries(focus)
  const buttons = parts.map(([kind, value]) => {
    const without = () => onChange(Object.fromEntries(parts.filter(([other]) => other !== kind)))
    const options = { type: 'button', 'aria-label': `Remove ${kind} ${value}`, onclick: without }
    return make('button', options, [
      make('span', { text: kind }),
      make('code', { text: value, title: value }),
      make('span', { text: '✕' }),
    ])
  })
  const by = parts.map(([kind]) => kind).join(' and ')
  const note = `Own metrics and add-ons aren’t stored by ${by}; events are of the whole app.`
  element.hidden = parts.length === 0
  element.replaceChildren(
    make('span', { text: 'Only' }),
    ...buttons,
    make('span.note', { text: note }),
  )
}
