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
  return (await read(path, signal)).text
}

async function read(path: string, signal = new AbortController().signal) {
  const chunks: Buffer[] = []
  const notices: string[] = []
  await readInput(
    path,
    {
      onChunk: (chunk) => void chunks.push(Buffer.from(chunk)),
      onRead: () => {},
      onNotice: (message) => void notices.push(message),
    },
    signal,
  )
  return { text: Buffer.concat(chunks).toString(), notices }
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

  test.each([
    ['text', Buffer.from('exit 0\n')],
    ['what looks like a member', Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9])],
    ['half of that', Buffer.from([0x1f])],
  ])('counts whole members before %s, and says that it left it out', async (_, garbage) => {
    const path = writeLog(folder.path, 'garbage.gz', Buffer.concat([gzipSync(TEXT), garbage]))
    const { text, notices } = await read(path)
    expect(text).toBe(TEXT)
    expect(notices).toEqual([
      `${path}: what follows the gzip data is none and was left out; all before it was counted`,
    ])
  })

  test('zeros that fill a block are no garbage', async () => {
    const bytes = Buffer.concat([
      gzipSync(TEXT),
      Buffer.alloc(700),
      gzipSync('x\n'),
      Buffer.alloc(9),
    ])
    const path = writeLog(folder.path, 'filled.gz', bytes)
    expect(await read(path)).toEqual({ text: `${TEXT}x\n`, notices: [] })
  })

  test('reads headers with names, comments and extra fields', async () => {
    const [start, rest] = [gzipSync(TEXT).subarray(0, 10), gzipSync(TEXT).subarray(10)]
    start[3] = 2 + 4 + 8 + 16
    const more = Buffer.from('\u0003\0abcname\0comment\0\u0001\u0002', 'latin1')
    const path = writeLog(folder.path, 'header.gz', Buffer.concat([start, more, rest]))
    expect(await textOf(path)).toBe(TEXT)
  })

  test('a byte that was changed is told by the sum', async () => {
    const bytes = gzipSync(TEXT)
    bytes[bytes.length - 6]! ^= 1
    const path = writeLog(folder.path, 'sum.gz', bytes)
    await expect(textOf(path)).rejects.toThrow(/sum\.gz: the gzip file is damaged/)
  })

  test.each([
    ['', (tar: Buffer) => tar],
    [' in gzip', (tar: Buffer) => gzipSync(tar)],
  ])('says what unpacks a tar archive%s', async (_, pack) => {
    writeLog(folder.path, 'day.log', TEXT)
    const { stdout } = spawnSync('tar', ['-cC', folder.path, 'day.log'], { maxBuffer: 1e8 })
    const path = writeLog(folder.path, 'days.tar', pack(stdout))
    await expect(textOf(path)).rejects.toThrow(
      `${path}: is a tar archive; unpack it: tar -xOf FILE | l2met-local`,
    )
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
