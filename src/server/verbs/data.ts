import { resolve } from 'node:path'
import { readSegment, segmentFiles } from '../../store/disk/segment.ts'
import { readAppendLog } from '../../codec/append-log.ts'
import { DataFolderError, folderFault } from '../../store/disk/data-folder-error.ts'
import { createValueIndex } from '../../store/disk/value-index.ts'
import { recordsFault } from '../../codec/record.ts'
import { WIDTH_10S } from '../../model/window-reader.ts'
import type { Environment } from '../config.ts'
import { type Verb, EXIT, VerbError, parseVerbArgs } from './verb.ts'

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
    const found = readFolder(folderOf(env))
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

function folderOf(env: Environment): string {
  const folder = env['DATA_DIR']?.trim()
  if (folder === undefined || folder === '')
    throw new VerbError('DATA_DIR: not set; set it to the folder that the server has')
  return resolve(folder)
}

function readFolder(folder: string) {
  try {
    return readData(folder)
  } catch (error) {
    if (error instanceof DataFolderError) throw new VerbError(error.message)
    throw error
  }
}

/** Contents of a folder, as of one moment. */
function readData(folder: string) {
  const index = createValueIndex()
  const damaged: string[] = []
  let bytes = 0
  const files = filesOf(folder)
  for (const { number, path } of files) {
    const { batches, damage, cutAt, length } = readSegment(path)
    bytes += length
    for (const { from, to } of damage) damaged.push(`${path}, ${to - from} bytes at ${from}`)
    // The end of the last file may be a write that is under way.
    if (cutAt !== undefined && number !== files.at(-1)!.number)
      damaged.push(`${path}, ${length - cutAt} bytes at ${cutAt}`)
    for (const op of batches.flat()) index.apply(op, number)
  }
  for (const [i, { number, path }] of files.entries())
    if (i > 0 && files[i - 1]!.number !== number - 1) damaged.push(`no file before ${path}`)
  index.dropExpired(Date.now() / 1000)
  let oldest = Infinity
  const apps = [...index.apps()].toSorted()
  for (const key of apps.flatMap((app) => [...index.keysOf(app)])) {
    const [kind, start] = key.slice(key.indexOf('\0') + 1).split(':')
    const value = kind === 'k' ? undefined : index.get(key, 0)
    if (value === undefined) continue
    const fault = recordsFault(value)
    if (fault !== undefined) damaged.push(`${key.replace('\0', ' ')}: ${fault.message}`)
    else if (kind === 'p')
      for (const entry of readAppendLog(value).entries) oldest = Math.min(oldest, entry.start)
    else if (start !== undefined) oldest = Math.min(oldest, parseInt(start, 36) * WIDTH_10S)
  }
  return {
    folder,
    bytes,
    files: files.length,
    apps,
    oldest: oldest === Infinity ? null : new Date(oldest).toISOString(),
    damaged,
  }
}

function filesOf(folder: string) {
  try {
    return segmentFiles(folder)
  } catch (error) {
    throw new VerbError(folderFault(error, folder))
  }
}
