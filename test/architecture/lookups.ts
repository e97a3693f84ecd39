import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { type Expression, type Node, SyntaxKind } from 'typescript/unstable/ast'
import {
  isAsExpression,
  isBinaryExpression,
  isElementAccessExpression,
  isNumericLiteral,
  isStringLiteral,
} from 'typescript/unstable/ast/is'
import { API, type Checker, type Type } from 'typescript/unstable/sync'

const ROOT = join(import.meta.dirname, '../..')

interface Lookup {
  readonly place: string
  readonly text: string
  readonly object: Expression
  readonly key: Expression
}

/**
 * Places below a folder that look a text up in an object (`table[name]`, `name in table`): where the
 * text is a stranger's it finds `constructor` and `__proto__` too. A key is safe when its type is a
 * number or one of some literals, and wasn't made so by a cast with `keyof`. Objects are looked at by
 * their types, so that it doesn't matter how they are called or where they come from.
 */
export function findUnsafeLookups(folder: string): string[] {
  const scratch = mkdtempSync(join(tmpdir(), 'l2met-lookups-'))
  const config = join(scratch, 'tsconfig.json')
  writeFileSync(config, JSON.stringify(configOf(folder)))
  const api = new API({ cwd: ROOT })
  try {
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)!
    const { program, checker } = project
    return program
      .getSourceFileNames()
      .filter((name) => name.startsWith(`${folder}/`) && !name.startsWith(join(folder, 'scan/')))
      .flatMap((name) => {
        const file = program.getSourceFile(name)!
        const found: Lookup[] = []
        const visit = (node: Node): void => {
          const pair = pairOf(node)
          if (pair !== undefined) {
            const { line } = file.getLineAndCharacterOfPosition(pair[1].getStart())
            const place = `${relative(folder, name)}:${line + 1}`
            found.push({ place, text: node.getText(), object: pair[0], key: pair[1] })
          }
          node.forEachChild(visit)
        }
        visit(file)
        return violationsOf(found, checker)
      })
  } finally {
    api.close()
    rmSync(scratch, { recursive: true })
  }
}

function configOf(folder: string): object {
  return {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      allowJs: true,
      checkJs: true,
      lib: ['es2023', 'ES2024.String', 'dom', 'dom.iterable'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
    },
    include: [folder],
    exclude: [join(folder, 'scan')],
  }
}

/** The object and the key of a lookup by something that isn't written there. */
function pairOf(node: Node): [object: Expression, key: Expression] | undefined {
  if (isElementAccessExpression(node)) {
    const key = node.argumentExpression
    return isStringLiteral(key) || isNumericLiteral(key) ? undefined : [node.expression, key]
  }
  if (isBinaryExpression(node) && node.operatorToken.kind === SyntaxKind.InKeyword)
    return isStringLiteral(node.left) ? undefined : [node.right, node.left]
  return undefined
}

function violationsOf(lookups: readonly Lookup[], checker: Checker): string[] {
  const keys = checker.getTypeAtLocation(lookups.map(({ key }) => key))
  const objects = checker.getTypeAtLocation(lookups.map(({ object }) => object))
  return lookups.flatMap(({ place, text, key }, i) => {
    const isCast = isAsExpression(key) && key.type.getText().includes('keyof')
    if (!isCast && isSafe(keys[i], checker)) return []
    // Text is no index of an array; what has no type at all is one only where it is said to be.
    if (objects[i] !== undefined && isList(objects[i], checker)) return []
    return [`${place} looks up a text in an object, which has more keys than its own: ${text}`]
  })
}

function isSafe(type: Type | undefined, checker: Checker): boolean {
  if (type === undefined) return false
  if (type.isUnionType()) return type.getTypes().every((part) => isSafe(part, checker))
  if (type.isTypeParameter() || type.isIndexType())
    return isSafe(checker.getBaseConstraintOfType(type), checker)
  if (type.isStringLiteralType() || type.isNumberLiteralType()) return true
  return ['number', 'undefined', 'never'].includes(checker.typeToString(type))
}

const LISTS =
  /^(?:readonly )?(?:.*\[\]|\[.*\])$|^(?:Readonly)?Array<|^\w+Array(?:<|$)|^Buffer|^NodeList/

function isList(type: Type, checker: Checker): boolean {
  const text = checker.typeToString(type)
  return text !== 'any' && (checker.isArrayLikeType(type) || LISTS.test(text))
}
