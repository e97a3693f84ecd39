import { UsageError } from '../../../parse/arguments.ts'
import { createRedisClient, mastersOf } from '../../../store/redis/client.ts'
import type { AppRow } from '../../api/report.ts'
import { readRedisUrls } from '../../config-network.ts'
import type { Environment } from '../../config.ts'
import { parseUrl } from '../client.ts'
import { type Verb, EXIT, parseVerbArgs } from '../verb.ts'
import { checkCoverage, checkLastLines, checkLosses } from './apps.ts'
import { type Finding, fail, findingsText, ok, warn } from './finding.ts'
import { type Probe, createProbe, jsonOf } from './probe.ts'
import {
  type RedisMemory,
  checkClock,
  checkRedis,
  checkSpill,
  checkVersion,
  redisMemoryOf,
} from './process.ts'
import { checkReach, checkReady, checkTls, isLoopback } from './reach.ts'

export const doctor: Verb = {
  usage: 'doctor [URL]',
  summary: 'check a running server, and say what to do',
  help: `Checks a running l2met: reachable, TLS, store, token, version, clocks, last line and coverage of
each app, losses, memory and eviction policy of Redis. Each finding says what to do.

Usage: l2met doctor [URL] [--json]

  URL      the server, like https://l2met.example.com; http://127.0.0.1:$PORT by default
  --json   print one JSON object

METRICS_TOKEN in the environment is sent as bearer token. With REDIS_URL in the environment Redis is
asked as well; a server elsewhere: heroku run --no-tty -a L2MET -- node dist/bin/serve.js doctor URL

Exit: 0 nothing is wrong, 1 something is, 2 usage.
`,
  run: async (args, env) => {
    const { values, positionals } = parseVerbArgs(args, {
      json: { type: 'boolean' },
      url: { type: 'string' },
    })
    const [text = values.url, ...more] = positionals
    if (more.length > 0) throw new UsageError('doctor takes one URL')
    const url = parseUrl(text ?? `http://127.0.0.1:${env['PORT'] ?? '8080'}`)
    const findings = await examine(url, env)
    const isWrong = findings.some(({ status }) => status === 'fail')
    process.stdout.write(
      values.json === true
        ? `${JSON.stringify({ url: url.origin, ok: !isWrong, findings })}\n`
        : findingsText(findings),
    )
    return isWrong ? EXIT.failed : EXIT.done
  },
}

async function examine(url: URL, env: Environment): Promise<Finding[]> {
  const probe = createProbe(url, env)
  const reached = await checkReach(url, probe)
  const findings = [...reached]
  if (reached.every(({ status }) => status === 'ok'))
    findings.push(
      await checkTls(url),
      await checkReady(probe),
      ...(await checkInside(url, env, probe)),
    )
  return [...findings, ...(await checkOwnRedis(env))]
}

/** All that a token opens. */
async function checkInside(url: URL, env: Environment, probe: Probe): Promise<Finding[]> {
  const answer = await probe('/api/apps')
  const token = checkToken(url, env, answer.status)
  if (answer.status !== 200) return [token]
  const apps = jsonOf(answer) as readonly AppRow[]
  const metrics = await textOf(probe, '/metrics')
  // 403 for a token of one app.
  const processes = await textOf(probe, '/metrics/process')
  const memory = redisMemoryOf(processes) ?? redisMemoryOf(metrics)
  return [
    token,
    ...checkVersion(metrics),
    ...checkClock(answer.date, processes),
    ...checkLastLines(apps, Number.isNaN(answer.date) ? Date.now() : answer.date),
    ...checkCoverage(metrics),
    ...checkLosses(metrics),
    ...checkSpill(processes),
    ...(memory === undefined ? [] : checkRedis(memory)),
  ]
}

function checkToken(url: URL, env: Environment, status: number): Finding {
  const isGiven = (env['METRICS_TOKEN'] ?? '').trim() !== ''
  const get =
    'export METRICS_TOKEN=$(heroku config:get METRICS_TOKEN -a L2MET), or the value you set'
  if (status === 401)
    return isGiven
      ? fail('token', 'METRICS_TOKEN is not a token of this server', get)
      : fail('token', 'reading needs METRICS_TOKEN, which is not set here', get)
  if (status === 503) return fail('token', 'the store can not be read now', 'see "ready"')
  if (status !== 200) return fail('token', `/api/apps answers ${status}`, 'see the log of l2met')
  if (isLoopback(url.hostname) || isGiven)
    return ok('token', isGiven ? 'accepted' : 'none is needed')
  return warn(
    'token',
    'anyone can read, without a token',
    'set METRICS_TOKEN: openssl rand -hex 32 makes one',
  )
}

async function textOf(probe: Probe, path: string): Promise<string> {
  const answer = await probe(path)
  return answer.status === 200 ? answer.text : ''
}

/** Redis itself, where REDIS_URL names it; its password is never shown. */
async function checkOwnRedis(env: Environment): Promise<Finding[]> {
  const faults: string[] = []
  const urls = readRedisUrls(env, faults)
  if (faults.length > 0) return faults.map((fault) => fail('redis', fault, 'mend REDIS_URL'))
  if (urls.length === 0) return []
  const client = createRedisClient({
    urls,
    trustSelfSigned: env['DYNO'] !== undefined,
  })
  try {
    await new Promise((resolve, reject) => {
      client.once('ready', resolve)
      client.on('error', reject)
    })
    const infos = await Promise.all(mastersOf(client).map(async (master) => master.info('memory')))
    return infos.flatMap((info) => checkRedis(memoryOf(info)))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [
      fail(
        'redis',
        `REDIS_URL can not be used: ${reason}`,
        'check that Redis runs and that the URL is its own',
      ),
    ]
  } finally {
    client.disconnect()
  }
}

function memoryOf(info: string): RedisMemory {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
  return {
    used: Number(field('used_memory') ?? 0),
    limit: Number(field('maxmemory') ?? 0),
    policy: field('maxmemory_policy'),
  }
}
