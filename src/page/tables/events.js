import { make } from '../dom.js'
import { formatClock, formatDay } from '../format.js'
import { makePanel } from './panel.js'

const MOST_EVENTS = 60

/** Releases, scalings, crashes and restarts, newest first; errors have a panel of their own. */
export function createEventsPanel() {
  const list = make('ol.events')
  const nothing = make('p.empty', { text: 'No release, scaling, crash or restart in this time.' })
  return {
    element: makePanel('Events', '', list, nothing),
    update: ({ events }) => {
      const newestFirst = events
        .filter(({ kind }) => kind !== 'error')
        .toReversed()
        .slice(0, MOST_EVENTS)
      nothing.hidden = newestFirst.length > 0
      list.replaceChildren(
        ...newestFirst.map(({ time, kind, text }) =>
          make('li', {}, [
            make('time', {
              datetime: time,
              title: formatDay(Date.parse(time)),
              text: formatClock(Date.parse(time)),
            }),
            make(`span.kind.${kind}`, { text: kind }),
            make('span', { text }),
          ]),
        ),
      )
    },
  }
}
