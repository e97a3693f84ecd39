import { newest } from '../charts/readout.js'
import { createStrip } from '../charts/strip.js'
import { make, setText } from '../dom.js'
import { formatOf } from '../format.js'

/** One add-on: each figure with its way over the range. */
export function createAddonPanel(key) {
  const name = key.slice('addon:'.length)
  const kind = make('p.note')
  const list = make('dl.addon')
  const element = make('section.panel', { 'aria-label': name }, [
    make('header', {}, [make('h2', { text: name }), kind]),
    list,
  ])
  const rows = new Map()
  return {
    element,
    remove: () => element.remove(),
    update: (model, addon) => {
      setText(kind, addon.kind)
      for (const [figure, { unit, last }] of Object.entries(addon.values)) {
        if (!rows.has(figure)) {
          const row = { value: make('dd'), strip: createStrip(16, 'line') }
          rows.set(figure, row)
          list.append(
            make('div', {}, [
              make('dt', { text: figure, title: figure }),
              row.strip.element,
              row.value,
            ]),
          )
        }
        const { value, strip } = rows.get(figure)
        setText(value, formatOf(unit)(newest(last)))
        strip.update(model, last, 'd1')
      }
    },
  }
}
