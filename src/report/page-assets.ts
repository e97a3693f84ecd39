import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { sep } from 'node:path'
import { gzipSync } from 'node:zlib'

/** A file of the charts page, in memory. */
export interface PageFile {
  readonly type: string
  readonly text: string
  readonly bytes: Buffer
  readonly packed: Buffer
  readonly etag: string
}

const TYPES = new Map([
  ['html', 'text/html; charset=utf-8'],
  ['css', 'text/css; charset=utf-8'],
  ['js', 'text/javascript; charset=utf-8'],
  ['svg', 'image/svg+xml'],
])

/** The files of `src/page` and of uPlot by path, as the page asks for them (`index.html`, `charts/chart.js`, `uplot.js`). */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const folder = new URL('../page/', import.meta.url)
  const found = await readdir(folder, { recursive: true })
  const names = found.map((name) => name.replaceAll(sep, '/')).filter((name) => typeOf(name))
  const { resolve } = createRequire(import.meta.url)
  const sources: readonly (readonly [string, URL | string])[] = [
    ...names.map((name) => [name, new URL(name, folder)] as const),
    ['uplot.js', resolve('uplot/dist/uPlot.iife.min.js')],
    ['uplot.css', resolve('uplot/dist/uPlot.min.css')],
  ]
  const files = await Promise.all(
    sources.map(async ([name, path]) => [name, toFile(name, await readFile(path))] as const),
  )
  return new Map(files)
}

/** A file of the page with its type by name. */
export function toFile(name: string, bytes: Buffer): PageFile {
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  const packed = gzipSync(bytes, { level: 9 })
  return { type: typeOf(name)!, text: bytes.toString('utf8'), bytes, packed, etag }
}

function typeOf(name: string): string | undefined {
  return TYPES.get(name.slice(name.lastIndexOf('.') + 1))
}

/** The style sheets of the page in the order of its links, without the dark colours. */
export function pageStyles(files: ReadonlyMap<string, PageFile>): string {
  const links = files
    .get('index.html')!
    .text.matchAll(/rel="stylesheet" href="page\/([\w/]+\.css)" \/>/g)
  return [...links].map(([, name]) => files.get(name!)!.text).join('\n')
}
