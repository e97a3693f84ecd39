import { readSegment, segmentFiles } from '../../store/disk/segment.ts'
import { DataFolderError } from '../../store/disk/data-folder-error.ts'
import { askFolder } from '../../store/disk/data-folder.ts'
import { createDiskStore } from '../../store/disk/disk-store.ts'
import { createValueIndex } from '../../store/disk/value-index.ts'
import { recordsFault } from '../../codec/record.ts'
import { WIDTH_10S } from '../../model/window-reader.ts'
import { type Config, type Environment, readConfig } from '../config.ts'
import { type Verb, EXIT, VerbError, oneApp, parseVerbArgs } from './verb.ts'

export const data: Verb = {
  usage: 'data [--json]',
  summary: 'show and check what DATA_DIR holds',
  help: `Reads the folder DATA_DIR, while a server uses it or not: its size, its apps, the oldest window, and
whether all of it is intact. Exit code 1 when something is damaged.

Usage: l2met data [--json]

Back it up by copying the folder, also while the server runs.
`,
  run: async (args, env) => {
    const { values } = parseVerbArgs(args, { json: { type: 'boolean' } })
    const found = readData(folderOf(env))
    if (values.json === true) process.stdout.write(`${JSON.stringify(found)}\n`)
    else {
      const { folder, bytes, files, apps, oldest, damaged } = found
      process.stdout.write(
        `${folder}: ${bytes} bytes in ${files} files\n` +
          `apps: ${apps.length === 0 ? 'none' : apps.join(', ')}\n` +
          `oldest window: ${oldest ?? 'none'}\n` +
          (damaged.length === 0
            ? 'intact\n'
            : damaged.map((text) => `damaged: ${text}\n`).join('')),
      )
    }
    return found.damaged.length === 0 ? EXIT.done : EXIT.failed
  },
}

export const forget: Verb = {
  usage: 'forget APP',
  summary: 'remove all that DATA_DIR holds of APP',
  help: `Removes all that DATA_DIR holds of an app: its windows, totals and records. A server that uses the folder
does it; lines that come later count anew.

Usage: l2met forget APP
`,
  run: async (args, env) => {
    const app = oneApp('forget', parseVerbArgs(args, {}).positionals)
    const folder = folderOf(env)
    const answer = await askFolder(folder, `forget\0${app}`)
    const count =
      answer === undefined ? await forgetHere(readConfig(env), folder, app) : countOf(answer)
    if (count === 0)
      throw new VerbError(`nothing is kept of ${JSON.stringify(app)}; l2met data lists the apps`)
    process.stdout.write(`Removed ${count} values of ${app}.\n`)
    return EXIT.done
  },
}

function folderOf(env: Environment): string {
  const folder = env['DATA_DIR']?.trim()
  if (folder === undefined || folder === '')
    throw new VerbError('DATA_DIR: not set; set it to the folder that the server has')
  return folder
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

/** Contents of a folder, as of one moment. */
function readData(folder: string) {
  const index = createValueIndex()
  const damaged: string[] = []
  let bytes = 0
  const files = filesOf(folder)
  for (const { number, path } of files) {
    const { batches, damage, length } = readSegment(path)
    bytes += length
    for (const { from, to } of damage) damaged.push(`${path}, ${to - from} bytes at ${from}`)
    for (const op of batches.flat()) index.apply(op, number)
  }
  index.dropExpired(Date.now() / 1000)
  const apps = new Set<string>()
  let oldest = Infinity
  for (const key of index.keys()) {
    const at = key.indexOf('\0')
    if (at < 0) continue
    apps.add(key.slice(0, at))
    const [kind, start] = key.slice(at + 1).split(':')
    if (start !== undefined && 'fch'.includes(kind!))
      oldest = Math.min(oldest, parseInt(start, 36) * WIDTH_10S)
    const value = kind === 'k' ? undefined : index.get(key, 0)
    const fault = value && recordsFault(value)
    if (fault !== undefined) damaged.push(`${key.replace('\0', ' ')}: ${fault.message}`)
  }
  return {
    folder,
    bytes,
    files: files.length,
    apps: [...apps].toSorted(),
    oldest: oldest === Infinity ? null : new Date(oldest).toISOString(),
    damaged,
  }
}

function filesOf(folder: string) {
  try {
    return segmentFiles(folder)
  } catch (error) {
    throw new VerbError(`DATA_DIR: ${folder} can't be read (${(error as Error).message})`)
  }
}
