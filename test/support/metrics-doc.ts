import { FAMILIES, type FamilySpec } from '../../src/export/prometheus/families.ts'
import {
  RESPONSE_BYTES,
  SECONDS,
  bucketBoundsOf,
} from '../../src/export/prometheus/bucket-bounds.ts'

const GROUPS: readonly (readonly [title: string, prefix: RegExp])[] = [
  ['Requests, as the Heroku router logs them', /^heroku_(?:route|queue)/],
  ['Dynos', /^heroku_dyno/],
  ['Releases and Logplex', /^heroku_(?:release|logplex)/],
  ['l2met itself', /^l2met_/],
]

/** docs/METRICS.md, from the table that /metrics is made of. */
export function renderMetricsDoc(): string {
  const specs: readonly FamilySpec[] = FAMILIES
  const groups = GROUPS.map(([title, prefix]) => {
    const rows = specs.filter(({ name }) => prefix.test(name)).map(row)
    return `## ${title}\n\n| name | type | labels | what |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
  })
  return `${HEAD}\n${groups.join('\n')}\n${rest()}`
}

function row({ name, type, labels, hasApp, help, zeros }: FamilySpec): string {
  const all = [...(hasApp === false ? [] : ['app']), ...labels].map((label) => `\`${label}\``)
  const first = zeros === undefined ? '' : ` From the first line on, 0 for ${list(zeros)}.`
  const typeText = type === 'info' ? 'gauge' : type
  return `| \`${name}\` | ${typeText} | ${all.join(', ')} | ${help}${first} |`
}

function list(words: readonly string[]): string {
  return words.map((word) => `\`${word}\``).join(' ')
}

const HEAD = `# Metrics

What \`GET /metrics\` shows. This page is made from the table in \`src/export/prometheus/families.ts\`;
\`npx vitest run test/export/prometheus-docs.test.ts -u\` makes it anew.

- Values are in base units: seconds, bytes, ratios (1 = 100 %).
- \`app\` is the app that the drain belongs to. Neither host, path, IP address nor request id is ever a label.
- Counters and histograms count since the app's first line. With Redis they are one state that every
  process answers from, so it doesn't matter which one is scraped, and they outlive restarts.
- A code (\`H12\`, \`R14\`, \`L10\`…) that was seen once stays.
- Samples carry no timestamps. A gauge that nobody writes any more disappears: those of a dyno 3
  minutes after its last sample, those of add-ons and the app's own an hour after theirs.
- When an app has as many series as \`MAX_SERIES_PER_APP\` allows, what is new goes to one row of its metric
  with \`overflow="true"\`: totals stay right, and \`l2met_overflow_total\` says how many values went there. Names
  that are new then, and words as units beyond the first 64, share one metric for each kind, as
  \`app_other_total{overflow="true"}\`. Gauges that are gone give their places back, and when an app is full, so do
  series that no window holds any more (after \`RETENTION_HOURS\`); codes stay.
- One-off dynos (\`run.1234\`, \`scheduler.1234\`, \`release.1234\`) count under their type, as \`dyno="run"\`; only their
  memory and load carry the number.
- While the store can't be read, \`/metrics\` answers 503: a gap is harmless, a wrong number isn't.
- \`/metrics/process\` needs no store. It has \`l2met_store_up\`, \`l2met_spill_lines\`, \`l2met_commit_seconds\`,
  \`l2met_clock_offset_seconds\` (time of the store minus time of this machine), \`l2met_process_up\`,
  \`l2met_process_restarts_total\`, \`l2met_process_start_time_seconds\`, \`l2met_process_cpu_seconds_total\` and
  \`l2met_process_resident_memory_bytes\` of each process of the machine, by the label \`process\`, and
  \`process_*\` and \`nodejs_*\` of the one process that answers.
`

const ROUTES = `## Routes

The log has paths and no routes. \`/users/123/posts/9f8e…\` becomes \`/users/:id/posts/:id\`: the query is cut, and
integers, UUIDs, long hex, dates, e-mail addresses, tokens and slugs that end in a number are \`:id\`.

Other words become \`:slug\` once a position has shown that it takes ever new ones: \`/blog/:slug\`, \`/u/:slug/posts\`.

| words | examples | become \`:slug\` after about |
| --- | --- | --- |
| slugs: two separators or digits, other alphabets, or long | \`my-first-post\`, \`kate77\` | 17 different ones |
| others at the end of the path | \`/u/jane\` | 68, or 32 where others have folded |
| others with something after them | \`/u/jane/posts\` | 150, or 68 where others have folded |

- The first segment names the parts of an app: there only slugs fold, after 130. Words such as \`new\`, \`search\` and
  \`settings\` never do.
- Answers alone count (2xx and 304). What is learned holds for all replicas and outlives restarts; nothing unfolds.
- A counter never moves: requests from before keep the route under which they were counted.
- An app has at most \`MAX_ROUTES_PER_APP\` routes, the others are \`(other)\`. Of paths that only answer 404 a
  twentieth may have one.
- \`ROUTES=/blog/:slug\` makes a route from the first request on, \`ROUTES=/u/leaderboard\` keeps one, and
  \`ROUTES=!/city/:slug\` keeps the words of a position apart.
`

function rest(): string {
  return `${ROUTES}
## Names from log lines

| on a line | is | as |
| --- | --- | --- |
| \`measure#db.latency=4ms\` | \`app_db_latency_seconds\` | histogram |
| \`count#mail.sent=3\` | \`app_mail_sent_total\` | counter |
| \`sample#queue.depth=12\` | \`app_queue_depth\` | gauge: the last value |
| \`unique#user=17\` | \`app_user_unique\` | gauge: different values in the last hour |
| \`sample#db_size=26214400bytes\` of Heroku Postgres | \`heroku_postgres_db_size_bytes\` | gauge |
| \`sample#avg_query=8541\` of PgBouncer (microseconds) | \`heroku_pgbouncer_avg_query_seconds\` | gauge |
| \`sample#hit-rate=0.99\` of Heroku Data for Redis | \`heroku_redis_hit_rate\` | gauge |

A count below zero is refused: what Prometheus sees fall, it takes for a counter that began anew. What can
fall is a \`sample#\`.

Labels are \`app\`, \`source\` and the tags (\`tag#region=eu\`), together at most eight of a line; of add-ons \`app\`,
\`addon\` and \`source\`. Those beyond are counted in \`l2met_refused_values_total{reason="label"}\`, and the values count without them. A tag whose name doesn't begin with a letter or \`_\`, or has other characters than letters,
digits, \`_\`, \`.\` and \`-\`, is no label: the line's values are counted without it.

A metric's name depends on kind, name and unit of what was written, and on nothing else: no app and no other
line can change it. Write N for the name with its other characters than letters, digits and \`_\` as \`_\`:

| kind | without a unit | in seconds | with a word that is no unit of ours, as in \`5widgets\` |
| --- | --- | --- | --- |
| \`count#\` | \`app_N_total\` | \`app_N_seconds_total\` | \`app_N_widgets_total\` |
| \`measure#\` | \`app_N_value\` | \`app_N_seconds\` | \`app_N_widgets_value\` |
| \`sample#\` | \`app_N\` | \`app_N_last_seconds\` | \`app_N_last_widgets\` |
| \`unique#\` | \`app_N_unique\` | | |

Bytes, ratios and pages are named as seconds are: \`_bytes\`, \`_ratio\`, \`_pages\`.

1. A written name that ends as one of these does gets an \`x\` behind: \`sample#mail.total\` is
   \`app_mail_totalx\`, so that it can't be the counter of \`count#mail\`. The endings are \`_total\`, \`_value\`,
   \`_unique\`, \`_seconds\`, \`_bytes\`, \`_ratio\`, \`_pages\`, \`_last\` alone or with a word behind, and, because
   they belong to histograms and to OpenMetrics, \`_sum\`, \`_count\`, \`_bucket\`, \`_created\` and \`_info\`.
2. \`promtool check metrics\` has to stay silent. So camelCase becomes snake_case, and a word that it takes
   for an abbreviated unit, for one that isn't a base unit or for a type (\`ms\`, \`b\`, \`weeks\`, \`kilobytes\`,
   \`gauge\`…) gets an \`x\` behind: \`sample#fuel.gauge\` is \`app_fuel_gaugex\`. Better write the unit at the number
   (\`sample#age=3h\`), which makes it \`app_age_last_seconds\`.
3. Names that come out alike are one metric: counts, distributions and distinct values add up, of samples
   the newest stays.
4. Add-ons: \`heroku_postgres_N\`, \`heroku_pgbouncer_N\` and \`heroku_redis_N\`, all gauges, with the unit behind.
5. Label names keep to the same characters and to snake_case; \`app\`, \`le\`, \`quantile\` and names that begin
   with \`__\` get \`tag_\` before. Of two labels of one line that come out alike, the one that was written so stays.
6. In OpenMetrics a gauge and a counter can't be \`app_x\` and \`app_x_total\`: there the counter's type is \`unknown\`.

### Renamed since 0.1.0

| written | was | is |
| --- | --- | --- |
| \`measure#db.rows=3\` | \`app_db_rows\` | \`app_db_rows_value\` |
| \`measure#stock=5widgets\` | \`app_stock_widgets\` | \`app_stock_widgets_value\` |
| \`sample#age=3h\` | \`app_age_seconds\` | \`app_age_last_seconds\` |
| \`sample#stock=5widgets\` | \`app_stock_widgets\` | \`app_stock_last_widgets\` |
| \`count#mail.total\` | \`app_mail_total\` | \`app_mail_totalx_total\` |
| \`sample#connection-count=2\` | \`app_connection_count_value\` | \`app_connection_countx\` |
| \`measure#wait.seconds=1s\` | \`app_wait_seconds\` | \`app_wait_secondsx_seconds\` |
| \`sample#x\` beside \`measure#x\` | \`app_x_sampled\` | \`app_x\` |
| \`max_wait\` of PgBouncer | \`heroku_pgbouncer_max_wait\` | \`heroku_pgbouncer_max_wait_seconds\` |
| \`avg_query\` of PgBouncer | \`heroku_pgbouncer_avg_query\` (microseconds) | \`heroku_pgbouncer_avg_query_seconds\` |
| \`avg_recv\`, \`avg_sent\` of PgBouncer | \`heroku_pgbouncer_avg_recv\` | \`heroku_pgbouncer_avg_recv_bytes\`, \`heroku_pgbouncer_avg_sent_bytes\` (per second) |

## Histograms

Every histogram comes in two forms. The classic one has fixed buckets:

| of | le |
| --- | --- |
| seconds | ${SECONDS.join(' ')} |
| \`heroku_router_response_bytes\` | ${RESPONSE_BYTES.join(' ')} |
| other bytes | ${bucketBoundsOf('bytes').join(' ')} |
| ratios | ${bucketBoundsOf('ratio').join(' ')} |
| anything else | ${bucketBoundsOf('').join(' ')} |

Values are kept in 32 buckets for each doubling, and a classic bucket is counted at their boundary nearest
to \`le\`, at most 1.1 % away. \`_sum\`, \`_count\` and \`le="+Inf"\` are exact. In the OpenMetrics
format a distribution with values below zero has neither \`_sum\` nor \`_count\`: a sum there may not fall.

The native one is in the protobuf format only and is those finer buckets themselves (schema 5, negative
values too), so \`histogram_quantile\` on it is at most 2.2 % off. docs/SCRAPING.md says how to get it.
`
}
