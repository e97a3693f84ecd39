import { APP, CHANGES, dashboard, labelVariable } from './dashboard.mjs'
import { query, timeseries } from './grafana.mjs'
import { selector } from './queries.mjs'

const ANY_ADDON =
  'heroku_postgres_active_connections|heroku_pgbouncer_client_active|heroku_redis_active_connections'
const ADDON = labelVariable('addon', 'Add-on', `{__name__=~"${ANY_ADDON}",app=~"$app"}`)

const NAME = '{{app}} {{source}}'
/** Add-ons report about once a minute, each at its own time. */
const REPORTED = 'Reported about once a minute.'
const NONE = 'no such add-on'

/** Of all that an add-on has, whatever it is. */
const FULL_STEPS = [
  [0.8, 'orange'],
  [0.95, 'red'],
]

export const addons = dashboard({
  uid: 'heroku-addons',
  title: 'Add-ons',
  description:
    'Heroku Postgres, its PgBouncer and Heroku Data for Redis, as they report themselves in the log: nothing has to be installed.',
  variables: [APP, ADDON],
  annotations: CHANGES,
  rows: [
    { title: 'Postgres', panels: postgres() },
    { title: 'PgBouncer', panels: pgbouncer() },
    { title: 'Redis', panels: redis() },
  ],
})

function postgres() {
  const of = (name, legend = NAME) => query(gauge(`heroku_postgres_${name}`), legend)
  const share = (used, all) => query(ratio('heroku_postgres', used, all), NAME)
  return [
    line(
      'Connections of the limit',
      'Open connections as a share of what the plan allows. At 100 % the app gets "too many connections"; PgBouncer or smaller pools help.',
      [share('active_connections', 'max_connections')],
      { unit: 'percentunit', thresholds: FULL_STEPS, softMax: 1 },
    ),
    line(
      'Waiting connections',
      'Connections that wait for a lock. More than a few for more than a minute: `heroku pg:locks`.',
      [of('waiting_connections')],
      { decimals: 0 },
    ),
    line(
      'Load',
      'Load average over a minute, per CPU: above 1 there is more to do than CPUs to do it.',
      [of('load_avg_1m', `${NAME} 1m`), of('load_avg_15m', `${NAME} 15m`)],
      { thresholds: [[1, 'orange']] },
    ),
    line(
      'Cache hit rates',
      'Share of the reads that found their table or index in memory. Below 99 % the plan has too little memory for the data in use.',
      [of('table_cache_hit_rate', `${NAME} tables`), of('index_cache_hit_rate', `${NAME} indexes`)],
      {
        unit: 'percentunit',
        min: null,
        max: 1,
        decimals: 2,
        calcs: ['lastNotNull', 'min'],
        lowest: 'red',
        thresholds: [[0.99, 'green']],
      },
    ),
    line(
      'Reads and writes of the disk',
      'Operations per second on blocks of 16 KB. Compare with what the plan allows.',
      [of('read_iops', `${NAME} read`), of('write_iops', `${NAME} written`)],
      { unit: 'iops' },
    ),
    line(
      'Disk operations of the limit',
      'As a share of what the plan allows. At 100 % every query waits for the disk.',
      [of('iops_percentage_used')],
      { unit: 'percentunit', thresholds: FULL_STEPS, softMax: 1 },
    ),
    line(
      'Size of the database',
      'Tables and indexes, with what is dead in them.',
      [of('db_size_bytes')],
      { unit: 'bytes' },
    ),
    line(
      'Size and log of the limit',
      'Data as a share of the disk of the plan, and the write-ahead log as a share of its own. A growing log means that a follower or a replication slot has stopped reading it.',
      [
        of('db_size_percentage_used', `${NAME} data`),
        of('wal_percentage_used', `${NAME} write-ahead log`),
      ],
      { unit: 'percentunit', thresholds: FULL_STEPS, softMax: 1 },
    ),
    line(
      'Memory',
      'Of the whole machine; that the system caches files in nearly all of it is as it should be.',
      [
        of('memory_postgres_bytes', `${NAME} Postgres`),
        of('memory_cached_bytes', `${NAME} cached`),
        of('memory_free_bytes', `${NAME} free`),
      ],
      { unit: 'bytes' },
    ),
    line(
      'Temporary disk of the limit',
      'Sorts and hashes that were too large for the memory.',
      [
        query(
          `${gauge('heroku_postgres_tmp_disk_used_bytes')} / (${gauge('heroku_postgres_tmp_disk_used_bytes')} + ${gauge('heroku_postgres_tmp_disk_available_bytes')})`,
          NAME,
        ),
      ],
      { unit: 'percentunit', thresholds: FULL_STEPS, softMax: 1 },
    ),
    line(
      'Follower lag',
      'Commits that a follower has yet to take over from its leader.',
      [of('follower_lag_commits')],
      {},
    ),
    line('Tables', 'Number of tables: a jump is a migration.', [of('tables')], { decimals: 0 }),
  ]
}

function pgbouncer() {
  const of = (name, legend = NAME) => query(gauge(`heroku_pgbouncer_${name}`), legend)
  return [
    line(
      'Clients',
      'Connections of the app. Waiting ones have a query but no server connection to send it to.',
      [of('client_active', `${NAME} active`), of('client_waiting', `${NAME} waiting`)],
      { decimals: 0 },
    ),
    line(
      'Connections to Postgres',
      'Active ones serve a client, idle ones could.',
      [of('server_active', `${NAME} active`), of('server_idle', `${NAME} idle`)],
      { decimals: 0 },
    ),
    line(
      'Longest wait',
      'How long the first client in the queue has waited. Above zero the pool is too small, or a query too slow.',
      [of('max_wait_seconds')],
      { unit: 's', thresholds: [[1, 'orange']] },
    ),
    line('Mean query', 'Mean duration of a query.', [of('avg_query_seconds')], {
      unit: 's',
      width: 12,
    }),
    line(
      'Traffic',
      'Bytes per second from clients and to them.',
      [of('avg_recv_bytes', `${NAME} received`), of('avg_sent_bytes', `${NAME} sent`)],
      { unit: 'Bps', width: 12 },
    ),
  ]
}

function redis() {
  const of = (name, legend = NAME) => query(gauge(`heroku_redis_${name}`), legend)
  return [
    line(
      'Memory of the limit',
      'Data as a share of what the plan allows. Full, Redis refuses writes or evicts keys, as maxmemory-policy says.',
      [of('memory_percentage_used')],
      { unit: 'percentunit', thresholds: FULL_STEPS, softMax: 1 },
    ),
    line('Memory', 'That Redis has taken for data.', [of('memory_redis_bytes')], {
      unit: 'bytes',
    }),
    line(
      'Evicted keys',
      'Keys thrown out per second to make room. Fine for a cache, a loss for a queue.',
      [
        query(
          `sum by (app, source, addon) (rate(heroku_redis_evicted_keys${labels()}[$__rate_interval]))`,
          NAME,
        ),
      ],
      {},
    ),
    line(
      'Connections of the limit',
      'Open connections as a share of what the plan allows.',
      [query(ratio('heroku_redis', 'active_connections', 'max_connections'), NAME)],
      { unit: 'percentunit', thresholds: FULL_STEPS, softMax: 1 },
    ),
    line('Hit rate', 'Share of the reads that found their key.', [of('hit_rate')], {
      unit: 'percentunit',
      min: null,
      max: 1,
      calcs: ['lastNotNull', 'min'],
    }),
    line('Load', 'Load average over a minute, per CPU.', [of('load_avg_1m')], {
      thresholds: [[1, 'orange']],
    }),
    line(
      'Reads and writes of the disk',
      'Operations per second.',
      [of('read_iops', `${NAME} read`), of('write_iops', `${NAME} written`)],
      { unit: 'iops', width: 12 },
    ),
    line(
      'Memory of the machine',
      'Free memory of the machine that Redis runs on; small plans share it with others.',
      [of('memory_free_bytes')],
      { unit: 'bytes', width: 12 },
    ),
  ]
}

function line(title, description, targets, options) {
  return timeseries(title, `${description} ${REPORTED}`, targets, {
    calcs: ['lastNotNull', 'max'],
    noValue: NONE,
    ...options,
  })
}

function gauge(metric) {
  return `max by (app, source, addon) (${metric}${labels()})`
}

function ratio(prefix, used, all) {
  return `${gauge(`${prefix}_${used}`)} / ${gauge(`${prefix}_${all}`)}`
}

function labels() {
  return selector('addon=~"$addon"')
}
