import type { Entry } from './entry.ts'
import type { Random } from './random.ts'

const MEBI_KB = 1024

/** What Postgres, PgBouncer and Redis log about themselves once a minute, in whole seconds. */
export function addonLines(time: number, random: Random): Entry[] {
  const second = Math.floor(time / 1000) * 1000
  return [
    line(second, 'heroku-postgres', postgres(random)),
    line(second, 'heroku-pgbouncer', pgbouncer(random)),
    line(second, 'heroku-redis', redis(random)),
    line(
      second,
      'postgres.1234567',
      '[DATABASE] [12-1]  sql_error_code = 00000 LOG:  checkpoint complete: wrote 84 buffers (0.1%)',
    ),
  ]
}

function postgres(random: Random): string {
  const free = random.between(40, 90) * MEBI_KB
  return [
    'source=DATABASE addon=postgresql-round-12345',
    'sample#current_transaction=8412345',
    `sample#db_size=${8_945_000_000 + random.between(0, 900_000)}bytes`,
    'sample#tables=42',
    `sample#active-connections=${random.between(18, 31)}`,
    `sample#waiting-connections=${random.between(0, 2)}`,
    'sample#max-connections=120',
    `sample#index-cache-hit-rate=${(0.99 + random.next() / 200).toFixed(5)}`,
    `sample#table-cache-hit-rate=${(0.98 + random.next() / 100).toFixed(5)}`,
    `sample#load-avg-1m=${random.next().toFixed(3)}`,
    `sample#load-avg-5m=${random.next().toFixed(3)}`,
    `sample#load-avg-15m=${random.next().toFixed(3)}`,
    `sample#read-iops=${(random.next() * 30).toFixed(3)}`,
    `sample#write-iops=${(random.next() * 90).toFixed(3)}`,
    `sample#tmp-disk-used=${543_600_640 + random.between(0, 9999)}`,
    'sample#tmp-disk-available=72435159040',
    'sample#memory-total=4045592kB',
    `sample#memory-free=${free}kB`,
    `sample#memory-cached=${3_100_000 - free}kB`,
    'sample#memory-postgres=31416kB',
  ].join(' ')
}

function pgbouncer(random: Random): string {
  return [
    'source=pgbouncer addon=postgresql-round-12345',
    `sample#client_active=${random.between(2, 20)}`,
    `sample#client_waiting=${random.between(0, 1)}`,
    `sample#server_active=${random.between(1, 8)}`,
    `sample#server_idle=${random.between(4, 12)}`,
    'sample#max_wait=0',
    `sample#avg_query=${random.between(900, 9000)}`,
    `sample#avg_recv=${random.between(10_000, 90_000)}`,
    `sample#avg_sent=${random.between(100_000, 900_000)}`,
  ].join(' ')
}

function redis(random: Random): string {
  return [
    'source=REDIS addon=redis-curved-54321',
    `sample#active-connections=${random.between(5, 18)}`,
    'sample#max-connections=80',
    `sample#load-avg-1m=${(random.next() / 4).toFixed(3)}`,
    `sample#read-iops=${random.next().toFixed(3)}`,
    `sample#write-iops=${random.next().toFixed(3)}`,
    'sample#memory-total=16084924kB',
    `sample#memory-free=${random.between(9000, 9900) * MEBI_KB}kB`,
    `sample#memory-redis=${14_000_000 + random.between(0, 2_000_000)}bytes`,
    `sample#hit-rate=${(0.9 + random.next() / 12).toFixed(5)}`,
    'sample#evicted-keys=0',
  ].join(' ')
}

function line(time: number, proc: string, message: string): Entry {
  return { time, app: 'app', proc, message, facts: ADDON }
}

const ADDON = [['line', 'addon', 1]] as const
