import { APP, annotation, dashboard, labelVariable } from './dashboard.mjs'
import { coloured, gauge, mappings, query, stat, table, text, timeseries } from './grafana.mjs'
import { grown, quantile, selector, sumRate } from './queries.mjs'
import * as words from './words.mjs'

const JOB = labelVariable('job', 'Job of /metrics/process', 'nodejs_version_info')
const BY_PROCESS = '{{job}} {{instance}}'
const COMMIT = 'l2met_commit_seconds'

const RESULT_COLOURS = {
  counted: 'green',
  ignored: 'blue',
  late: 'orange',
  future: 'yellow',
  malformed: 'red',
  over_limit: 'dark-red',
  committed: 'green',
  duplicate: 'blue',
  spilled: 'orange',
  refused: 'red',
}

const UPGRADES = annotation(
  'l2met upgrades',
  'purple',
  'l2met_build_info unless on (version) l2met_build_info offset 1m and on () l2met_build_info offset 1m',
  'l2met {{version}}',
  '{{instance}}',
)

export const itself = dashboard({
  uid: 'l2met-itself',
  title: 'l2met itself',
  description: 'Whether the numbers of the other dashboards can be trusted.',
  variables: [APP, JOB],
  annotations: [UPGRADES],
  rows: [
    { panels: tiles() },
    { title: 'What comes in', panels: incoming() },
    { title: 'What is missing', panels: missing() },
    { title: 'The store', panels: store() },
    { title: 'Apps', panels: [apps()] },
    { title: 'Its processes', panels: processes() },
    { title: 'How to read this page', isClosed: true, panels: [howTo()] },
  ],
})

function tiles() {
  return [
    stat(
      'Store',
      "Whether every process can read its store. While one can't, its /metrics shows only itself: there are gaps, no wrong numbers.",
      [query('min(l2met_store_up)')],
      {
        width: 4,
        color: 'background',
        graph: 'none',
        thresholds: [],
        mappings: mappings([
          [0, 'down', 'red'],
          [1, 'up', 'green'],
        ]),
        noValue: 'not scraped',
      },
    ),
    gauge(
      'Coverage',
      "Share of the lines sent to us, those that Logplex dropped on the way included, that were understood, since the app's first line; the app with the least.",
      [query(`min(l2met_coverage_ratio${selector()})`)],
      {
        width: 4,
        height: 4,
        unit: 'percentunit',
        min: 0,
        max: 1,
        lowest: 'red',
        thresholds: [
          [0.95, 'orange'],
          [0.999, 'green'],
        ],
      },
    ),
    stat('Lines', 'Log lines received per second.', [query(sumRate('l2met_lines_total'))], {
      width: 4,
      unit: 'cps',
    }),
    stat(
      'Held in memory',
      'Lines that are acknowledged but not in the store yet. They are lost if the process is killed.',
      [query('sum(l2met_spill_lines)')],
      { width: 4, thresholds: [[1, 'orange']], noValue: '0' },
    ),
    stat(
      'Silent for',
      'Time since the newest line of the app that has been silent the longest.',
      [query(`max(time() - l2met_last_line_timestamp_seconds${selector()})`)],
      { width: 4, unit: 's', decimals: 0, thresholds: words.SILENT_STEPS },
    ),
    stat(
      'Version',
      'The versions that run.',
      [query('count by (version) (l2met_build_info)', '{{version}}')],
      {
        width: 4,
        graph: 'none',
        textMode: 'name',
      },
    ),
  ]
}

function incoming() {
  return [
    timeseries(
      'Lines by what became of them',
      'Each line is in exactly one: counted, or ignored (read, but nothing to count), late (older than 15 minutes), future (more than 60 s ahead), malformed, over_limit.',
      [query(sumRate('l2met_lines_total', ['result']), '{{result}}')],
      { unit: 'cps', isStacked: true, overrides: coloured(RESULT_COLOURS) },
    ),
    timeseries(
      'Request bodies by what became of them',
      "committed, or a duplicate that isn't counted twice; spilled: held while the store was away. refused: there was no room left, or the body couldn't be read (too large, broken gzip); those lines are lost.",
      [query(sumRate('l2met_bodies_total', ['result']), '{{result}}')],
      { unit: 'reqps', isStacked: true, overrides: coloured(RESULT_COLOURS) },
    ),
    timeseries(
      'Lines by app',
      'Log lines received per second.',
      [query(sumRate('l2met_lines_total', ['app']), '{{app}}')],
      { unit: 'cps' },
    ),
  ]
}

function missing() {
  const bars = {
    width: 6,
    isBars: true,
    isStacked: true,
    interval: '1m',
    calcs: ['sum'],
    decimals: 0,
    noValue: 'none',
  }
  return [
    timeseries(
      'Dropped on the way',
      'Messages that Logplex (L10, L12) or log-shuttle (L13) says it dropped before they reached us, because we or the network were too slow. They are missing in every count.',
      [grownBy('heroku_logplex_dropped_messages_total', 'code')],
      bars,
    ),
    timeseries(
      'Missing in bodies',
      'Lines that Logplex-Msg-Count announced and that were not in the body, and bodies that held another number of lines than announced: something between the sender and l2met cuts or changes them.',
      [
        query(`${grown('l2met_missing_lines_total', ['app'], '$__interval')} > 0`, '{{app}} lines'),
        query(
          `${grown('l2met_bodies_mismatched_total', ['app'], '$__interval')} > 0`,
          '{{app}} bodies',
        ),
      ],
      bars,
    ),
    timeseries(
      "Lines that don't count",
      "late and future: the sender's clock is wrong, or Logplex had to catch up. malformed: something that isn't Logplex sends here. over_limit: from more than 5000 apps.",
      [grownBy('l2met_lines_total', 'result', 'result=~"late|future|malformed|over_limit"')],
      bars,
    ),
    timeseries(
      'Refused requests',
      'By reason. credentials: the token is wrong; store: it could be neither stored nor held; no_room: too much came at once; too_large, encoding, not_logs, query: the body or the URL is no good. Logplex drops what is refused.',
      [grownBy('l2met_drain_refusals_total', 'reason')],
      bars,
    ),
    timeseries(
      'Active alerts',
      'Alerts of ALERTS that hold.',
      [query(`max by (app, alert) (l2met_alert_active${selector()}) > 0`, '{{app}} {{alert}}')],
      bars,
    ),
    timeseries(
      "Values that can't be counted",
      'By reason. cut: Heroku cut the line within the number; number: not one, or one beyond 2^40; negative: a count below zero; label: a label beyond the first eight of its line; limit: too many names or values.',
      [grownBy('l2met_refused_values_total', 'reason')],
      bars,
    ),
    timeseries(
      'Values without a series of their own',
      'They count under overflow="true", because the app has more than MAX_SERIES_PER_APP series. Look for a tag with too many values, like an id.',
      [query(`${grown('l2met_overflow_total', ['app'], '$__interval')} > 0`, '{{app}}')],
      bars,
    ),
  ]
}

function store() {
  return [
    timeseries('Store up', 'By process; 1 is up.', [query('l2met_store_up', BY_PROCESS)], {
      max: 1,
      decimals: 0,
      calcs: ['lastNotNull', 'min'],
      width: 6,
    }),
    timeseries(
      'Commit time',
      'How long the store took for one commit. The sender waits for it; Logplex gives up after 5 s.',
      [query(quantile(0.5, COMMIT), 'p50'), query(quantile(0.99, COMMIT), 'p99')],
      {
        unit: 's',
        width: 6,
        overrides: coloured(words.QUANTILE_COLOURS),
        noValue: 'no commits measured',
      },
    ),
    timeseries(
      'Held in memory',
      'Lines that are acknowledged and wait for the store, by process. When SPILL_BYTES are full, senders are refused.',
      [query('l2met_spill_lines', BY_PROCESS)],
      { width: 6, decimals: 0 },
    ),
    timeseries(
      'Series',
      'Series that each app has; at MAX_SERIES_PER_APP (10,000 unless you set it) new ones are folded together.',
      [query(`max by (app) (l2met_series${selector()})`, '{{app}}')],
      { width: 6, decimals: 0 },
    ),
  ]
}

function apps() {
  return table(
    'Apps',
    'What l2met knows of each app.',
    [
      { label: 'app', title: 'App' },
      { title: 'Lines', expr: sumRate('l2met_lines_total', ['app']), unit: 'cps' },
      {
        title: 'Coverage',
        expr: `min by (app) (l2met_coverage_ratio${selector()})`,
        unit: 'percentunit',
        decimals: 2,
      },
      { title: 'Series', expr: `max by (app) (l2met_series${selector()})`, decimals: 0 },
      {
        title: 'Dropped by Logplex',
        expr: grown('heroku_logplex_dropped_messages_total', ['app'], '$__range'),
        decimals: 0,
        thresholds: [[1, 'red']],
      },
      {
        title: 'Silent for',
        expr: `max by (app) (time() - l2met_last_line_timestamp_seconds${selector()})`,
        unit: 's',
        decimals: 0,
        thresholds: words.SILENT_STEPS,
      },
    ],
    { height: 7, sortBy: 'Lines' },
  )
}

function processes() {
  const labels = '{job=~"$job"}'
  return [
    timeseries(
      'CPU',
      `Share of one CPU. ${words.NEEDS_PROCESS_SCRAPE}`,
      [
        query(
          `sum by (job, instance) (rate(process_cpu_seconds_total${labels}[$__rate_interval]))`,
          BY_PROCESS,
        ),
      ],
      { unit: 'percentunit' },
    ),
    timeseries(
      'Memory',
      `Resident memory. ${words.NEEDS_PROCESS_SCRAPE}`,
      [query(`process_resident_memory_bytes${labels}`, BY_PROCESS)],
      { unit: 'bytes' },
    ),
    timeseries(
      'Event loop lag, p99',
      `How long the process was too busy to answer. ${words.NEEDS_PROCESS_SCRAPE}`,
      [query(`nodejs_eventloop_lag_p99_seconds${labels}`, BY_PROCESS)],
      { unit: 's', thresholds: [[1, 'red']] },
    ),
  ]
}

function grownBy(metric, label, ...matchers) {
  const expr = `${grown(metric, ['app', label], '$__interval', ...matchers)} > 0`
  return query(expr, `{{app}} {{${label}}}`)
}

function howTo() {
  return text(
    '',
    `The other dashboards are right when here **Store** is up, **Coverage** is 100 %, and the row *What is missing* is empty.

- **Dropped on the way**: l2met or its network was slow. Look at *Commit time* and *Event loop lag*; add processes with Redis.
- **Held in memory** rises: the store is away. Nothing is lost yet; bring the store back before SPILL_BYTES are full.
- **refused**: it was full, or what was sent could not be read, and lines were lost. The log says which; *Request bodies* shows when.
- **Silent for** minutes: \`heroku drains -a APP\` shows whether the drain is there; \`/readyz\` shows whether l2met takes lines.
- **late** or **future**: compare the clock of this machine with the real one.`,
    { height: 7 },
  )
}
