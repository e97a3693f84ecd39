import { make, setText } from '../dom.js'
import { makeSpan } from '../focus.js'
import { formatDay, formatTime } from '../format.js'
import { makePanel } from './panel.js'

const MOST_EVENTS = 60

/** Releases, scalings, crashes and restarts, newest first; errors have a panel of their own. */
export function createEventsPanel() {
  const list = make('ol.events')
  const more = make('p.note')
  let saved = []
  const csv = () => [
    ['time', 'kind', 'event'],
    ...saved.map(({ time, kind, text }) => [time, kind, text]),
  ]
  const nothing = make('p.empty', { text: 'No release, scaling, crash or restart in this time.' })
  return {
    element: makePanel('Events', '', csv, list, more, nothing),
    update: ({ events, from, to, now }) => {
      const newestFirst = events.filter(({ kind }) => kind !== 'error').toReversed()
      saved = newestFirst
      const shown = newestFirst.slice(0, MOST_EVENTS)
      const left = newestFirst.length - shown.length
      setText(more, left === 0 ? '' : `${left} older ones: zoom in to see them.`)
      const releases = events.filter(({ kind }) => kind === 'release').map(({ time }) => time)
      nothing.hidden = newestFirst.length > 0
      list.replaceChildren(
        ...shown.map(({ time, kind, text }) =>
          make('li', {}, [
            make('time', {
              datetime: time,
              title: formatDay(Date.parse(time)),
              text: formatTime(Date.parse(time), { from, to, now }),
            }),
            make(`span.kind.${kind}`, { text: kind }),
            kind === 'release' ? makeRelease(text, time, releases, to) : make('span', { text }),
          ]),
        ),
      )
    },
  }
}

/** A release that shows its time: until the next one, or until the end of the range. */
function makeRelease(text, time, releases, end) {
  const next = releases
    .filter((other) => other > time)
    .toSorted()
    .at(0)
  const until = next === undefined ? end : Date.parse(next)
  return makeSpan(text, `Show the time of ${text}`, Date.parse(time), until)
}
