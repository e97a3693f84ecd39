import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { LAYERS, type Layer } from './layers.ts'

/** An import across folders that the layers don't allow, as one line that says what to do. */
export type Violation = string

/** All imports of .ts and .js files below a `src` folder, checked against the layers. */
export function findViolations(src: string, layers: readonly Layer[] = LAYERS): Violation[] {
  const byFolder = new Map(layers.map((layer) => [layer.folder, layer]))
  const violations: Violation[] = []
  for (const file of sourceFiles(src)) {
    const from = byFolder.get(folderOf(src, file))
    const name = relative(src, file)
    if (from === undefined) {
      violations.push(`${name} is in no known folder; add it to test/architecture/layers.ts`)
      continue
    }
    for (const path of importsOf(readFileSync(file, 'utf8'))) {
      const target = resolve(dirname(file), path)
      const to = byFolder.get(folderOf(src, target))
      if (to === from) continue
      if (to === undefined) violations.push(`${name} imports ${path}, which is outside of src`)
      else if (!mayImport(from, to))
        violations.push(`${name} imports ${path}: ${from.folder} may not import ${to.folder}`)
    }
  }
  return violations
}

function mayImport(from: Layer, to: Layer): boolean {
  // The demo's entry point is the only one that may reach the demo.
  if (from.folder === 'bin' && to.folder === 'demo') return true
  if (from.isAlone === true || to.isAlone === true) return false
  return to.floor < from.floor
}

function folderOf(src: string, file: string): string {
  return relative(src, file).split(sep)[0]!
}

function sourceFiles(src: string): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.[jt]s$/.test(name))
    .map((name) => join(src, name))
    .toSorted()
}

/** Relative specifiers of static and dynamic imports, re-exports and `new URL(…, import.meta.url)` modules. */
function importsOf(text: string): string[] {
  const found = text.matchAll(
    /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)(['"`])(\.{1,2}\/[^'"`]*)\1/g,
  )
  return [...found].map(([, , path]) => path!)
}
