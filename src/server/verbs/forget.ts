import { DataFolderError } from '../../store/disk/data-folder-error.ts'
import { askFolder } from '../../store/disk/data-folder.ts'
import { createDiskStore } from '../../store/disk/disk-store.ts'
import { forgetInRedis } from '../../store/redis/forget.ts'
import { type Config, type Environment, readConfig } from '../config.ts'
import { type Verb, EXIT, VerbError, oneApp, parseVerbArgs } from './verb.ts'

export const forget: Verb = {
  usage: 'forget APP',
  summary: 'remove all that DATA_DIR or Redis holds of APP',
  help: `Removes all that is kept of an app, in DATA_DIR or in the Redis of REDIS_URL: its windows, totals and records.
Lines that come later count anew. Servers may run meanwhile: the one that uses DATA_DIR removes the app itself;
those with Redis may answer /metrics with 503 for ten seconds when the app goes on sending lines.

Usage: l2met forget APP
`,
  run: async (args, env) => {
    const app = oneApp('forget', parseVerbArgs(args, {}).positionals)
    const count = await forgetApp(app, env)
    if (count === 0) throw new VerbError(`nothing is kept of ${JSON.stringify(app)}`)
    process.stdout.write(`Removed ${count} values of ${app}.\n`)
    return EXIT.done
  },
}

async function forgetApp(app: string, env: Environment): Promise<number> {
  // All but these is for serving only.
  const { DATA_DIR, REDIS_URL, DATA_MAX_BYTES, MAX_SERIES_PER_APP, RETENTION_HOURS } = env
  const config = readConfig({
    DATA_DIR,
    REDIS_URL,
    DATA_MAX_BYTES,
    MAX_SERIES_PER_APP,
    RETENTION_HOURS,
  })
  const { redisUrls: urls, dataDir } = config
  if (urls.length > 0) {
    const trustSelfSigned = env['DYNO'] !== undefined
    return forgetInRedis({ urls, trustSelfSigned }, app).catch((error: Error) => {
      throw new VerbError(`Redis can't be used (${error.message}); check REDIS_URL`)
    })
  }
  if (dataDir === undefined)
    throw new VerbError('set DATA_DIR or REDIS_URL to what the server has; without, restart it')
  const answer = await askFolder(dataDir, `forget\0${app}`)
  return answer === undefined ? forgetHere(config, dataDir, app) : countOf(answer)
}

function countOf(answer: string): number {
  const [word, ...rest] = answer.split(' ')
  if (word !== 'ok') throw new VerbError(`the server could not do it: ${rest.join(' ')}`)
  return Number(rest[0])
}

async function forgetHere(config: Config, folder: string, app: string): Promise<number> {
  const store = createDiskStore({
    ...config,
    folder,
    maxBytes: config.dataMaxBytes,
    now: Date.now,
    warn: (_, text) => process.stderr.write(`${text}\n`),
  })
  try {
    await store.ready
    return await store.forget(app)
  } catch (error) {
    if (error instanceof DataFolderError) throw new VerbError(error.message)
    throw error
  } finally {
    await store.close()
  }
}
