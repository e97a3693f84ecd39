import { FAMILIES, type FamilySpec } from '../../src/export/prometheus/families.ts'
import {
  RESPONSE_BYTES,
  SECONDS,
  bucketBoundsOf,
} from '../../src/export/prometheus/bucket-bounds.ts'

const GROUPS: readonly (readonly [title: string, prefix: RegExp])[] = [
  ['Requests, as the Heroku router logs them', /^heroku_route/],
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
- When an app has more series than \`MAX_SERIES_PER_APP\`, what is new goes to one row with
  \`overflow="true"\`: totals stay right, and \`l2met_overflow_total\` says how many values went there.
- While the store can't be read, \`/metrics\` has only the rows without \`app\`, with \`l2met_store_up 0\`:
  a gap is harmless, a wrong number isn't.
- \`process_*\` and \`nodejs_*\` of the one process that answers are at \`/metrics/process\`.
`

function rest(): string {
  return `## Names from log lines

| on a line | is | as |
| --- | --- | --- |
| \`measure#db.latency=4ms\` | \`app_db_latency_seconds\` | histogram |
| \`count#mail.sent=3\` | \`app_mail_sent_total\` | counter |
| \`sample#queue.depth=12\` | \`app_queue_depth\` | gauge: the last value |
| \`unique#user=17\` | \`app_user_unique\` | gauge: different values in the last hour |
| \`sample#db_size=26214400bytes\` of Heroku Postgres | \`heroku_postgres_db_size_bytes\` | gauge |
| \`sample#avg_query=8541\` of PgBouncer | \`heroku_pgbouncer_avg_query\` | gauge |
| \`sample#hit-rate=0.99\` of Heroku Data for Redis | \`heroku_redis_hit_rate\` | gauge |

A count below zero is refused: what Prometheus sees fall, it takes for a counter that began anew. What can
fall is a \`sample#\`.

Labels are \`app\`, \`source\` and the tags (\`tag#region=eu\`), together at most eight of a line; of add-ons \`app\`,
\`addon\` and \`source\`. A tag whose name doesn't begin with a letter or \`_\`, or has other characters than letters,
digits, \`_\`, \`.\` and \`-\`, is no label: the line's values are counted without it.
HELP always says the name as it was written.

1. Other characters than letters, digits and \`_\` become \`_\`.
2. The unit is the ending, unless the name ends in it: \`_seconds\`, \`_bytes\`, \`_ratio\`, or the word that was
   written, as in \`sample#stock=5widgets\`. Counters end in \`_total\`.
3. \`_total\`, \`_sum\`, \`_count\`, \`_bucket\` and \`_created\` belong to counters and histograms: any other
   metric that ends so gets \`_value\` behind (\`sample#connection-count\` is \`app_connection_count_value\`).
4. \`promtool check metrics\` has to stay silent. So camelCase becomes snake_case, and a word that it takes
   for an abbreviated unit, for one that isn't a base unit or for a type (\`ms\`, \`b\`, \`hours\`, \`kilobytes\`,
   \`gauge\`…) gets an \`x\` behind: \`sample#age.hours\` is \`app_age_hoursx\`. Better write the unit at the number
   (\`sample#age=3h\`), which makes it \`app_age_seconds\`.
5. Should two still want one name, the first in this order has it: measures, counts, samples, uniques; a
   name that needed no change; the alphabet. The other gets \`_measured\`, \`_counted\`, \`_sampled\` or \`_seen\`
   before its unit: \`sample#x=1s\` beside \`measure#x=1s\` is \`app_x_sampled_seconds\`.
6. Label names keep to rules 1 and 4's first part; \`app\`, \`le\`, \`quantile\` and names that begin with \`__\`
   get \`tag_\` before.

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
