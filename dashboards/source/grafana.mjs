// Panels of Grafana's classic dashboard model, of the types that its core has. A panel is made
// without id and place; dashboard() gives it both.

export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

/** A query of a panel. `instant` asks for the end of the shown time only, as tables do. */
export function query(expr, legend = '', options = {}) {
  const { instant = false, format = 'time_series' } = options
  return {
    datasource: DATASOURCE,
    editorMode: 'code',
    expr,
    format,
    instant,
    legendFormat: legend,
    range: !instant,
  }
}

/** Lines over time. `thresholds` are drawn as lines, unless `isArea`, then as areas. */
export function timeseries(title, description, targets, options = {}) {
  const { unit = 'short', thresholds: steps, isStacked = false, calcs = ['mean', 'max'] } = options
  const custom = {
    axisBorderShow: false,
    axisPlacement: 'auto',
    axisSoftMin: 0,
    axisSoftMax: options.softMax,
    drawStyle: options.isBars ? 'bars' : 'line',
    fillOpacity: options.isBars ? 80 : isStacked ? 40 : 8,
    lineInterpolation: 'linear',
    lineWidth: options.isBars || isStacked ? 0 : 1,
    scaleDistribution: options.isLog ? { log: 10, type: 'log' } : { type: 'linear' },
    showPoints: 'never',
    // A dyno reports each 20 s, an add-on each minute or less: that is no gap.
    spanNulls: 300_000,
    stacking: { group: 'A', mode: isStacked ? 'normal' : 'none' },
    thresholdsStyle: { mode: steps === undefined ? 'off' : 'dashed' },
  }
  return panel('timeseries', title, description, targets, {
    ...options,
    fieldConfig: {
      defaults: {
        color: { mode: 'palette-classic' },
        custom,
        decimals: options.decimals,
        max: options.max,
        min: options.min ?? 0,
        noValue: options.noValue,
        thresholds: thresholds(steps, options.lowest),
        unit,
      },
      overrides: options.overrides ?? [],
    },
    options: {
      legend: { calcs, displayMode: 'table', placement: 'bottom', showLegend: true },
      tooltip: { hideZeros: isStacked, mode: 'multi', sort: 'desc' },
    },
  })
}

/** One number, coloured by its thresholds, with its course behind it. */
export function stat(title, description, targets, options = {}) {
  const { textMode = 'auto', color = 'value', graph = 'area' } = options
  return panel('stat', title, description, targets, {
    width: 3,
    height: 4,
    ...options,
    fieldConfig: numberFields(options),
    options: {
      colorMode: color,
      graphMode: graph,
      justifyMode: 'auto',
      orientation: 'auto',
      percentChangeColorMode: 'standard',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      showPercentChange: false,
      textMode,
      wideLayout: true,
    },
  })
}

/** One number on an arc from `min` to `max`. */
export function gauge(title, description, targets, options = {}) {
  return panel('gauge', title, description, targets, {
    ...options,
    fieldConfig: numberFields(options),
    options: {
      minVizHeight: 75,
      minVizWidth: 75,
      orientation: 'auto',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      showThresholdLabels: false,
      showThresholdMarkers: true,
      sizing: 'auto',
    },
  })
}

/** One bar for each series. */
export function barGauge(title, description, targets, options = {}) {
  return panel('bargauge', title, description, targets, {
    ...options,
    fieldConfig: numberFields(options),
    options: {
      displayMode: 'basic',
      legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: false },
      maxVizHeight: 40,
      minVizHeight: 16,
      minVizWidth: 8,
      namePlacement: 'left',
      orientation: 'horizontal',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      showUnfilled: true,
      sizing: 'auto',
      valueMode: 'color',
    },
  })
}

/** States over time, a row for each series; `mappings` say what a value means. */
export function stateTimeline(title, description, targets, options = {}) {
  return panel('state-timeline', title, description, targets, {
    ...options,
    fieldConfig: {
      defaults: {
        color: { mode: options.mappings === undefined ? 'palette-classic' : 'thresholds' },
        custom: { fillOpacity: 75, lineWidth: 0 },
        mappings: options.mappings ?? [],
        thresholds: thresholds(undefined),
        unit: options.unit ?? 'short',
      },
      overrides: [],
    },
    options: {
      alignValue: 'left',
      legend: { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true },
      mergeValues: true,
      rowHeight: 0.85,
      showValue: options.mappings === undefined ? 'never' : 'auto',
      tooltip: { mode: 'single', sort: 'none' },
    },
  })
}

/** A distribution over time: classic buckets or native histograms, as they come. */
export function heatmap(title, description, targets, options = {}) {
  return panel('heatmap', title, description, targets, {
    ...options,
    fieldConfig: {
      defaults: { custom: { scaleDistribution: { type: 'linear' } }, unit: options.unit },
      overrides: [],
    },
    options: {
      calculate: false,
      cellGap: 1,
      cellValues: { unit: options.cellUnit ?? 'short' },
      color: {
        exponent: 0.5,
        fill: 'dark-orange',
        mode: 'scheme',
        reverse: false,
        scheme: 'Turbo',
        steps: 64,
      },
      exemplars: { color: 'rgba(255,0,255,0.7)' },
      filterValues: { le: 1e-9 },
      legend: { show: true },
      rowsFrame: { layout: 'auto' },
      showValue: 'never',
      tooltip: { mode: 'single', showColorScale: true, yHistogram: true },
      yAxis: { axisPlacement: 'left', unit: options.unit },
    },
  })
}

/**
 * A table of one row per set of labels, made of instant queries. `columns` are given in order as
 * { label } or { title, expr, unit?, thresholds?, width?, link? }; it is sorted by `sortBy`.
 */
export function table(title, description, columns, options = {}) {
  const values = columns.filter(({ expr }) => expr !== undefined)
  const names = columns.map((column) => {
    if (column.label !== undefined) return [column.label, titleOf(column)]
    return [`Value #${refId(values.indexOf(column))}`, titleOf(column)]
  })
  const targets = values.map(({ expr }) => query(expr, '', { instant: true, format: 'table' }))
  return panel('table', title, description, targets, {
    width: 24,
    ...options,
    fieldConfig: {
      defaults: {
        color: { mode: 'thresholds' },
        custom: { align: 'auto', cellOptions: { type: 'auto' }, filterable: false, inspect: false },
        noValue: '–',
        thresholds: thresholds(undefined),
        unit: 'short',
      },
      overrides: columns.flatMap((column) => columnOverrides(titleOf(column), column)),
    },
    options: {
      cellHeight: 'sm',
      footer: { countRows: false, reducer: ['sum'], show: false },
      frameIndex: 0,
      showHeader: true,
      sortBy: [{ desc: true, displayName: options.sortBy }],
    },
    transformations: [
      { id: 'merge', options: {} },
      {
        id: 'organize',
        options: {
          excludeByName: Object.fromEntries(
            ['Time', ...(options.hidden ?? [])].map((name) => [name, true]),
          ),
          indexByName: Object.fromEntries(names.map(([name], i) => [name, i])),
          renameByName: Object.fromEntries(names),
        },
      },
    ],
  })
}

/** Words in Markdown. */
export function text(title, content, options = {}) {
  return panel('text', title, '', [], {
    width: 24,
    ...options,
    fieldConfig: { defaults: {}, overrides: [] },
    options: {
      code: { language: 'plaintext', showLineNumbers: false, showMiniMap: false },
      content,
      mode: 'markdown',
    },
  })
}

/** Gives each series of that name its colour. */
export function coloured(colours) {
  return Object.entries(colours).map(([name, fixedColor]) => ({
    matcher: { id: 'byName', options: name },
    properties: [{ id: 'color', value: { fixedColor, mode: 'fixed' } }],
  }))
}

/** Thresholds as [[value, colour], …], `lowest` below the first. */
function thresholds(steps = [], lowest = 'green') {
  return {
    mode: 'absolute',
    steps: [{ color: lowest, value: null }, ...steps.map(([value, color]) => ({ color, value }))],
  }
}

/** What values stand for, as [[value, text, colour], …]. */
export function mappings(values) {
  const options = Object.fromEntries(
    values.map(([value, text, color], index) => [value, { color, index, text }]),
  )
  return [{ options, type: 'value' }]
}

function panel(type, title, description, targets, options) {
  const { width = 8, height = 8, links, repeat, interval } = options
  return {
    type,
    title,
    description,
    datasource: DATASOURCE,
    gridPos: { h: height, w: width },
    fieldConfig: options.fieldConfig,
    options: options.options,
    targets: targets.map((target, i) => ({ refId: refId(i), ...target })),
    transformations: options.transformations,
    interval,
    links,
    ...(repeat === undefined
      ? {}
      : { maxPerRow: Math.floor(24 / width), repeat, repeatDirection: 'h' }),
  }
}

function numberFields(options) {
  return {
    defaults: {
      color: { mode: options.thresholds === undefined ? 'fixed' : 'thresholds', ...fixed(options) },
      decimals: options.decimals,
      mappings: options.mappings ?? [],
      max: options.max,
      min: options.min,
      noValue: options.noValue,
      thresholds: thresholds(options.thresholds, options.lowest),
      unit: options.unit ?? 'short',
    },
    overrides: [],
  }
}

function fixed({ thresholds: steps, fixedColor = 'blue' }) {
  return steps === undefined ? { fixedColor } : {}
}

function columnOverrides(title, { unit, thresholds: steps, width, link, decimals, mappings }) {
  const properties = [
    ...(unit === undefined ? [] : [{ id: 'unit', value: unit }]),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...(width === undefined ? [] : [{ id: 'custom.width', value: width }]),
    ...(mappings === undefined ? [] : [{ id: 'mappings', value: mappings }]),
    ...(link === undefined ? [] : [{ id: 'links', value: [link] }]),
    ...(steps === undefined
      ? []
      : [
          { id: 'thresholds', value: thresholds(steps) },
          { id: 'custom.cellOptions', value: { type: 'color-text' } },
        ]),
  ]
  if (properties.length === 0) return []
  return [{ matcher: { id: 'byName', options: title }, properties }]
}

function titleOf({ title, label }) {
  return title ?? label
}

function refId(i) {
  return String.fromCharCode(65 + i)
}
