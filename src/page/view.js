import { make, setText } from './dom.js'
import { createLoadPanel, createMemoryPanel } from './charts/dynos.js'
import { createHeatPanel } from './charts/heat.js'
import {
  createLatencyPanel,
  createOwnPanel,
  createQueuePanel,
  createRequestsPanel,
} from './charts/panels.js'
import { createAddonPanel } from './tables/addons.js'
import { createDynosPanel } from './tables/dynos.js'
import { createErrorsPanel } from './tables/errors.js'
import { createEventsPanel } from './tables/events.js'
import { createRoutesPanel } from './tables/routes.js'
import { isFound } from './state/find.js'
import { createTiles } from './tables/tiles.js'

/** Everything that shows one model, live or from a file. */
export function createView(root) {
  const tiles = createTiles()
  const fixed = [
    stored(createRequestsPanel(), ({ series }) => series.requests),
    stored(
      createLatencyPanel('Response time', ({ series }) => series.service),
      ({ series }) => series.service,
    ),
    stored(createHeatPanel(), ({ series }) => series.heat),
    stored(createErrorsPanel(), ({ series }) => series.errors),
    stored(createMemoryPanel(), ({ series }) => series.memory),
    stored(createLoadPanel(), ({ series }) => series.load),
    stored(createRoutesPanel(), ({ report }) => report.routes),
    stored(createDynosPanel(), ({ report }) => report.dynos),
    createQueuePanel(),
    stored(
      createLatencyPanel('Time to connect to a dyno', ({ series }) => series.connect),
      ({ series }) => series.connect,
    ),
    createEventsPanel(),
  ]
  /** The stream brings columns; what shows the report has nothing new until that is fetched. */
  let shown = null
  const own = createSection(
    'Own metrics',
    'three',
    ['measure', 'count', 'sample', 'unique'],
    createOwnPanel,
  )
  const addons = createSection('Add-ons', 'two', ['addon'], createAddonPanel)
  root.append(
    tiles.element,
    make(
      'div.panels.two',
      {},
      fixed.map(({ element }) => element),
    ),
    own.element,
    addons.element,
  )
  return {
    /** @param {import('./state/model.js').Model} model */
    update: (model, isWhole = false) => {
      tiles.update(model)
      for (const panel of fixed) {
        if (isWhole || panel.isOfReport !== true || model.report !== shown) panel.update(model)
      }
      shown = model.report
      own.update(model)
      addons.update(model)
    },
  }
}

/** A panel that says so where its part isn't stored for the focus of the page. */
function stored(panel, partOf) {
  const note = make('p.empty.absent', { hidden: true })
  panel.element.append(note)
  return {
    ...panel,
    update: (model) => {
      const isStored = (partOf(model) ?? null) !== null
      panel.element.classList.toggle('not-stored', !isStored)
      note.hidden = isStored
      if (isStored) panel.update(model)
      else setText(note, `Not stored by ${Object.keys(model.focus).join(' and ')}.`)
    },
  }
}

/** Panels for all that the answer has under some prefixes. */
function createSection(title, columns, prefixes, create) {
  const panels = new Map()
  const grid = make(`div.panels.${columns}`)
  const note = make('p.note')
  const element = make('section', { 'aria-label': title }, [
    make('h2.section', { text: title }),
    grid,
    note,
  ])

  const update = (model) => {
    const all = Object.entries(model.series).filter(([key]) => prefixes.includes(key.split(':')[0]))
    const shown = new Map(
      all.filter(([key]) => !key.endsWith(':*') && isFound(model.find, key.replace(/^\w+:/, ''))),
    )
    const omitted = all.reduce((sum, [, { omitted = 0 }]) => sum + omitted, 0)
    for (const [key, panel] of panels) {
      if (shown.has(key)) continue
      panel.remove()
      panels.delete(key)
    }
    for (const key of shown.keys()) {
      if (panels.has(key)) continue
      const panel = create(key)
      panels.set(key, panel)
      grid.append(panel.element)
    }
    element.hidden = shown.size === 0
    note.textContent = omitted === 0 ? '' : `${omitted} more: /api/series gives them by name.`
    for (const [key, series] of shown) panels.get(key).update(model, series)
  }

  return { element, update }
}
