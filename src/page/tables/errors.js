import { createStrip } from '../charts/strip.js'
import { make, setText } from '../dom.js'
import { makeFocus } from '../focus.js'
import { formatCount } from '../format.js'
import { sumOf } from '../state/model.js'
import { makePanel } from './panel.js'

/** A row for each code, in plain words, with its times. */
export function createErrorsPanel() {
  const rows = new Map()
  const list = make('ul.errors')
  let saved = []
  const csv = () => [
    ['code', 'name', 'count'],
    ...saved.map(({ code, name, total }) => [code, name, total]),
  ]
  const nothing = make('p.empty', { text: 'Heroku reports no error in this time.' })
  return {
    element: makePanel('Platform errors', '', csv, list, nothing),
    update: (model) => {
      const codes = Object.entries(model.series.errors)
        .map(([code, { name, count }]) => ({ code, name, count, total: sumOf(count) }))
        .filter(({ total }) => total > 0)
        // Lines that were dropped are no errors of the app, and many at a time.
        .toSorted((a, b) => isLost(a.code) - isLost(b.code) || b.total - a.total)
      saved = codes
      nothing.hidden = codes.length > 0
      for (const one of codes) if (!rows.has(one.code)) rows.set(one.code, createErrorRow(one))
      const shown = codes.map(({ code }) => rows.get(code).element)
      if (
        shown.some((element, i) => list.children[i] !== element) ||
        list.children.length !== shown.length
      ) {
        list.replaceChildren(...shown)
      }
      for (const one of codes) rows.get(one.code).update(model, one)
    },
  }
}

function isLost(code) {
  return code.startsWith('L') ? 1 : 0
}

function createErrorRow({ code, name }) {
  const total = make('b')
  const text = make('span', { text: code })
  const strip = createStrip(18)
  const element = make('li', {}, [
    make('span.code', {}, [makeFocus('code', code, text, /^[HR]\d\d$/.test(code))]),
    make('span', { text: name }),
    total,
    strip.element,
  ])
  return {
    element,
    update: (model, { count, total: sum }) => {
      setText(total, formatCount(sum) + (isLost(code) === 1 ? ' lines' : ''))
      strip.update(
        model,
        count,
        code.startsWith('H') ? 's5xx' : code.startsWith('R') ? 's4xx' : 'muted',
      )
    },
  }
}
