import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { InputError, inputSize, isTail, readInput } from '../../src/input/files.ts'
import { temporaryFolder, writeLog } from '../support/local-program.ts'

const TEXT = 'a line of text that is long enough to be compressed\n'.repeat(20_000)

let folder: ReturnType<typeof temporaryFolder>
beforeAll(() => (folder = temporaryFolder()))
afterAll(() => folder.remove())

async function textOf(path: string, signal = new AbortController().signal): Promise<string> {
  const chunks: Buffer[] = []
  await readInput(
    path,
    { onChunk: (chunk) => void chunks.push(Buffer.from(chunk)), onRead: () => {} },
    signal,
  )
  return Buffer.concat(chunks).toString()
}

describe('readInput', () => {
  test('reads a file in chunks', async () => {
    expect(await textOf(writeLog(folder.path, 'plain.log', TEXT))).toBe(TEXT)
  })

  test('knows gzip by its content, also of several members', async () => {
    const members = Buffer.concat([gzipSync(TEXT), gzipSync('second\n'), gzipSync('')])
    expect(await textOf(writeLog(folder.path, 'members.txt', members))).toBe(`${TEXT}second\n`)
  })

  test.each([
    ['zip', 'PK\u0003\u0004x', 'unzip -p'],
    ['bzip2', 'BZh91AY', 'bzip2 -dc'],
    ['xz', '\u00fd7zXZ\0', 'xz -dc'],
    ['zstd', '(\u00b5/\u00fd', 'zstd -dc'],
  ])('says what unpacks %s', async (name, start, command) => {
    const path = writeLog(folder.path, `packed.${name}`, Buffer.from(start, 'latin1'))
    await expect(textOf(path)).rejects.toThrow(
      `${path}: is packed with ${name}; unpack it: ${command} FILE | l2met-local`,
    )
  })

  test('gives what is left of a gzip file that was cut, and says so', async () => {
    const cut = gzipSync(TEXT).subarray(0, 600)
    const path = writeLog(folder.path, 'cut.gz', cut)
    let length = 0
    const reading = readInput(
      path,
      { onChunk: (chunk) => (length += chunk.length), onRead: () => {} },
      new AbortController().signal,
    )
    await expect(reading).rejects.toThrow(/cut\.gz: the gzip file ends too early/)
    expect(length).toBeGreaterThan(0)
  })

  test('says which file fails, and why', async () => {
    await expect(textOf(join(folder.path, 'absent.log'))).rejects.toThrow(InputError)
    await expect(textOf(join(folder.path, 'absent.log'))).rejects.toThrow(
      /absent\.log: no such file/,
    )
    await expect(textOf(folder.path)).rejects.toThrow(/is a directory/)
  })

  test('reads a named pipe to its end', async () => {
    const path = join(folder.path, 'pipe')
    spawnSync('mkfifo', [path])
    const { spawn } = await import('node:child_process')
    spawn('sh', ['-c', `printf 'one\\ntwo\\n' > ${path}`])
    expect(isTail(path)).toBe(true)
    expect(await textOf(path)).toBe('one\ntwo\n')
  })

  test('stops without an error', async () => {
    const path = writeLog(folder.path, 'long.log', TEXT.repeat(20))
    const stop = new AbortController()
    stop.abort()
    expect((await textOf(path, stop.signal)).length).toBeLessThan(TEXT.length * 20)
  })
})

test('inputSize is 0 for what has no size', () => {
  const path = writeLog(folder.path, 'size.log', 'four')
  expect(inputSize(path)).toBe(4)
  expect(inputSize(join(folder.path, 'absent.log'))).toBe(0)
  expect(inputSize(folder.path)).toBe(0)
})
