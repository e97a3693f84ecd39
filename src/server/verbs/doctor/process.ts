import { readVersion } from '../../../model/version.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { type MetricSample, samplesOf, sumOf } from './probe.ts'

/** The Date header has whole seconds, and the answer takes its time. */
const SKEW_WARN_MS = 5000
const OFFSET_WARN_S = 1
const FULL = 0.95
const NEARLY_FULL = 0.8
const NOEVICTION =
  'heroku redis:maxmemory NAME --policy noeviction, or maxmemory-policy noeviction in redis.conf'

export function checkVersion(metrics: string): Finding[] {
  const version = samplesOf(metrics, 'l2met_build_info')[0]?.labels.get('version')
  if (version === undefined) return []
  const own = readVersion()
  if (version === own) return [ok('version', `l2met ${version}`)]
  return [
    warn(
      'version',
      `the server is l2met ${version}, this program ${own}`,
      'upgrade the older one: docs/DEPLOY.md',
    ),
  ]
}

/** `date` is the server's time, ms since 1970. */
export function checkClock(date: number, processes: string): Finding[] {
  const findings: Finding[] = []
  const skew = date - Date.now()
  if (Math.abs(skew) > SKEW_WARN_MS)
    findings.push(
      warn(
        'clock',
        `the server's clock is ${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'ahead of' : 'behind'} this machine's`,
        'have both machines run NTP; lines more than 60 s ahead are not counted',
      ),
    )
  const offsets = samplesOf(processes, 'l2met_clock_offset_seconds').map(({ value }) => value)
  const worst = Math.max(0, ...offsets.map(Math.abs))
  if (worst > OFFSET_WARN_S)
    findings.push(
      warn(
        'clock',
        `the store's clock is ${worst.toFixed(1)} s off from the server's`,
        'have the machine of Redis run NTP: l2met goes by its time',
      ),
    )
  if (findings.length === 0 && !Number.isNaN(date))
    return [ok('clock', 'within 5 s of this machine')]
  return findings
}

/** Acknowledged lines that are in memory only. */
export function checkSpill(processes: string): Finding[] {
  const lines = sumOf(samplesOf(processes, 'l2met_spill_lines'))
  if (lines === 0) return []
  return [
    fail(
      'spill',
      `${lines} acknowledged lines wait in memory for the store`,
      'bring Redis back before l2met stops: they are stored as soon as it answers',
    ),
  ]
}

/** Memory of Redis in bytes; `limit` is 0 without one. */
export interface RedisMemory {
  readonly used: number
  readonly limit: number
  /** undefined where it isn't known. */
  readonly policy: string | undefined
}

export function checkRedis({ used, limit, policy }: RedisMemory): Finding[] {
  const findings: Finding[] = []
  const size = `${megabytes(used)} of ${megabytes(limit)}`
  const todo =
    'take a larger plan, shorten RETENTION_HOURS or lower MAX_SERIES_PER_APP; docs/DEPLOY.md has sizes'
  if (limit === 0) findings.push(ok('redis', `${megabytes(used)} used, no limit set`))
  else if (used / limit > FULL) findings.push(fail('redis', `its memory is full: ${size}`, todo))
  else if (used / limit > NEARLY_FULL)
    findings.push(warn('redis', `its memory is nearly full: ${size}`, todo))
  else findings.push(ok('redis', `${size} used`))
  if (policy !== undefined && policy !== 'noeviction' && limit > 0)
    findings.push(
      fail(
        'redis',
        `it evicts keys when it is full (${policy}), which falsifies the metrics`,
        NOEVICTION,
      ),
    )
  return findings
}

/** Memory of Redis as the server reports it; undefined without Redis. */
export function redisMemoryOf(metrics: string): RedisMemory | undefined {
  const used = samplesOf(metrics, 'l2met_redis_used_bytes')
  const limit = samplesOf(metrics, 'l2met_redis_limit_bytes')
  if (used.length === 0) return undefined
  return { used: most(used), limit: most(limit), policy: undefined }
}

function most(samples: readonly MetricSample[]): number {
  return Math.max(0, ...samples.map(({ value }) => value))
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MB`
}
