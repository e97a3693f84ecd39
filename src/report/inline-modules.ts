/**
 * Joins a module of the page and all that it imports into one text: each module becomes a function
 * that returns what it exports, in the order of need. It knows just the forms that src/page uses:
 * named imports of a relative path and `export` before a function, class or const.
 */
export function inlineModules(entry: string, textOf: (file: string) => string): string {
  const done = new Map<string, string>()
  const visit = (name: string) => {
    if (done.has(name)) return
    const source = textOf(`${name}.js`)
    done.set(name, '')
    for (const [, , imported] of source.matchAll(IMPORT)) visit(pathOf(imported!, name))
    // Set again, so that it stands behind what it needs.
    done.delete(name)
    done.set(name, moduleText(name, source))
  }
  visit(entry)
  return [...done.values()].join('\n')
}

const IMPORT = /^import \{([^}]*)\} from '(\.{1,2}\/[\w/-]+)\.js'$/gm
const EXPORT = /^export ((?:async )?(?:function|class|const) (\w+))/gm

function moduleText(name: string, source: string): string {
  const names = [...source.matchAll(EXPORT)].map(([, , exported]) => exported)
  const body = source
    .replace(
      IMPORT,
      (_, imports: string, from: string) => `const {${imports}} = ${variable(pathOf(from, name))}`,
    )
    .replace(EXPORT, '$1')
  const left = /^(?:import|export)\b.*/m.exec(body)
  if (left !== null) throw new TypeError(`${name}.js can't be inlined: ${left[0]}`)
  return `const ${variable(name)} = (() => {\n${body}\nreturn { ${names.join(', ')} }\n})()`
}

/** The path of a module that another imports, from the folder of the page on. */
function pathOf(imported: string, from: string): string {
  return new URL(imported, `file:///${from}`).pathname.slice(1)
}

function variable(path: string): string {
  return `module_${path.replaceAll(/[-/]/g, '_')}`
}
