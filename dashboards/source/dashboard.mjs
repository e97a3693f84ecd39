import { DATASOURCE } from './grafana.mjs'
import { grown, selector } from './queries.mjs'

const COLUMNS = 24

/** A whole dashboard. `rows` are { title?, isClosed?, panels }, laid out in reading order. */
export function dashboard({ uid, title, description, rows, variables = [], annotations = [] }) {
  return {
    annotations: { list: [BUILT_IN, ...annotations] },
    description,
    editable: true,
    fiscalYearStartMonth: 0,
    graphTooltip: 1,
    id: null,
    links: [TO_THE_OTHERS],
    panels: layOut(rows),
    preload: false,
    refresh: '30s',
    schemaVersion: 41,
    tags: ['heroku', 'l2met'],
    templating: { list: [DATASOURCE_VARIABLE, ...variables] },
    time: { from: 'now-1h', to: 'now' },
    timepicker: {},
    timezone: 'browser',
    title,
    uid,
    version: 1,
    weekStart: '',
  }
}

/** A variable with the values that a label has, several or all of which can be chosen. */
export function labelVariable(name, label, metric, from = name) {
  const definition = `label_values(${metric}, ${from})`
  return {
    allValue: '.*',
    current: { selected: true, text: ['All'], value: ['$__all'] },
    datasource: DATASOURCE,
    definition,
    hide: 0,
    includeAll: true,
    label,
    multi: true,
    name,
    options: [],
    query: { qryType: 1, query: definition, refId: 'PrometheusVariableQueryEditor-VariableQuery' },
    refresh: 2,
    regex: '',
    skipUrlSync: false,
    sort: 7,
    type: 'query',
  }
}

export const APP = labelVariable('app', 'App', 'l2met_series')
// Each dyno that has ever said anything has this from then on, also without log-runtime-metrics.
export const DYNO = labelVariable('dyno', 'Dyno', 'heroku_dyno_errors_total{app=~"$app"}')

/** Releases and restarts, to be seen beside what they did. */
export const CHANGES = [
  annotation('Releases', 'purple', releases(), 'Release {{version}}', '{{app}}'),
  annotation('Restarts', 'blue', dynoEvents('restarting|cycling'), '{{dyno_type}} {{event}}'),
  annotation('Crashes', 'red', dynoEvents('crashed'), '{{dyno_type}} {{event}}'),
]

/** Marks the times at which `expr`, asked for each minute, has a value. */
export function annotation(name, iconColor, expr, titleFormat, textFormat = '{{app}}') {
  return {
    datasource: DATASOURCE,
    enable: true,
    expr,
    hide: false,
    iconColor,
    name,
    step: '1m',
    tagKeys: 'app',
    textFormat,
    titleFormat,
    useValueForTime: false,
  }
}

function releases() {
  const info = `heroku_release_info${selector()}`
  const known = `on (app) heroku_releases_total${selector()} offset 1m`
  return `(${info} unless ${info} offset 1m) and ${known}`
}

function dynoEvents(events) {
  const by = ['app', 'dyno_type', 'event']
  return `${grown('heroku_dyno_events_total', by, '1m', `event=~"${events}"`)} > 0`
}

const DATASOURCE_VARIABLE = {
  current: {},
  hide: 0,
  includeAll: false,
  label: 'Data source',
  multi: false,
  name: 'datasource',
  options: [],
  query: 'prometheus',
  refresh: 1,
  regex: '',
  skipUrlSync: false,
  type: 'datasource',
}

const BUILT_IN = {
  builtIn: 1,
  datasource: { type: 'grafana', uid: '-- Grafana --' },
  enable: true,
  hide: true,
  iconColor: 'rgba(0, 211, 255, 1)',
  name: 'Annotations & Alerts',
  type: 'dashboard',
}

/** All dashboards with our tag, with the chosen app and time. */
const TO_THE_OTHERS = {
  asDropdown: false,
  icon: 'external link',
  includeVars: true,
  keepTime: true,
  tags: ['l2met'],
  targetBlank: false,
  title: 'Heroku',
  tooltip: '',
  type: 'dashboards',
  url: '',
}

/** Numbers the panels and places them from left to right; a closed row holds its panels itself. */
function layOut(rows) {
  const panels = []
  let id = 0
  let y = 0
  for (const { title, isClosed = false, panels: members } of rows) {
    const row = { type: 'row', title, collapsed: isClosed, gridPos: place(0, y, COLUMNS, 1) }
    if (title !== undefined) {
      id += 1
      y += 1
    }
    const rowId = id
    let x = 0
    let height = 0
    const placed = members.map(({ gridPos: { w, h }, ...panel }) => {
      if (x + w > COLUMNS) {
        x = 0
        y += height
        height = 0
      }
      const gridPos = place(x, y, w, h)
      x += w
      height = Math.max(height, h)
      return { id: (id += 1), ...panel, gridPos }
    })
    y += height
    if (title !== undefined) panels.push({ id: rowId, ...row, panels: isClosed ? placed : [] })
    if (!isClosed) panels.push(...placed)
  }
  return panels
}

function place(x, y, w, h) {
  return { h, w, x, y }
}
