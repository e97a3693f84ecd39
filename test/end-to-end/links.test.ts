import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const LINK = /\]\(([^)\s]+)(?: "[^"]*")?\)/g

const documents = ['.', 'docs', 'bench', 'dashboards'].flatMap((folder) => markdownIn(folder))

test.each(documents)('%s links to what is there', (document) => {
  const text = withoutCode(readFileSync(join(ROOT, document), 'utf8'))
  const broken = [...text.matchAll(LINK)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => !leadsSomewhere(document, target))
  expect(broken).toEqual([])
})

function leadsSomewhere(document: string, target: string): boolean {
  const [path = '', anchor] = target.split('#')
  const file = path === '' ? join(ROOT, document) : join(ROOT, dirname(document), path)
  if (!existsSync(file)) return false
  if (anchor === undefined || !file.endsWith('.md')) return true
  return anchorsOf(readFileSync(file, 'utf8')).includes(anchor)
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function withoutCode(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '')
}

function markdownIn(folder: string): string[] {
  const full = join(ROOT, folder)
  if (!existsSync(full)) return []
  return readdirSync(full).flatMap((name) => {
    const path = join(folder, name)
    if (folder !== '.' && statSync(join(ROOT, path)).isDirectory()) return markdownIn(path)
    return name.endsWith('.md') ? [path] : []
  })
}
