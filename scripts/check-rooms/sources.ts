import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, sep } from 'node:path'
import ts from 'typescript'

/** One thing that breaks a rule of the house. `file` is relative to the project, `line` counts from 1. */
export interface Finding {
  readonly file: string
  readonly line: number
  readonly rule: string
  readonly message: string
}

export interface Import {
  readonly specifier: string
  /** The file that it names, relative to src/; null when there is none, or when it is a package. */
  readonly target: string | null
  readonly line: number
  readonly typeOnly: boolean
}

export interface Source {
  /** Relative to src/, with `/` on every system. */
  readonly path: string
  readonly room: string
  /** The folder of a feature; the name of the room everywhere else. */
  readonly unit: string
  readonly isTest: boolean
  readonly tree: ts.SourceFile
  readonly imports: readonly Import[]
}

/** Parses all TypeScript of `<root>/src`, in the order of paths. */
export function readSources(root: string): Source[] {
  const src = join(root, 'src')
  const files = readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(src.length + 1)
        .split(sep)
        .join('/'),
    )
    .sort()
  const known = new Set(files)
  return files.filter((path) => /\.[mc]?tsx?$/.test(path)).map((path) => readSource(src, path, known))
}

function readSource(src: string, path: string, known: ReadonlySet<string>): Source {
  const text = readFileSync(join(src, path), 'utf8')
  const tree = ts.createSourceFile(path, text, { languageVersion: ts.ScriptTarget.Latest }, true)
  const [first = '', second = ''] = path.split('/')
  const room = path.includes('/') ? first : ''
  const isFeature = room === 'features' && path.split('/').length > 2
  return {
    path,
    room,
    unit: isFeature ? `features/${second}` : room,
    isTest: /\.test\.[mc]?tsx?$/.test(path),
    tree,
    imports: importsOf(tree, path, known),
  }
}

export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}

export function lineOf(node: ts.Node, tree: ts.SourceFile): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}

export function findingAt(source: Source, node: ts.Node, [rule, message]: readonly [string, string]): Finding {
  return { file: `src/${source.path}`, line: lineOf(node, source.tree), rule, message }
}

/** Every way to name another module: import, export … from, import(), import types, import … = require(), require(). */
function importsOf(tree: ts.SourceFile, path: string, known: ReadonlySet<string>): Import[] {
  const imports: Import[] = []
  walk(tree, (node) => {
    const named = moduleNamedBy(node)
    if (named === undefined) return
    const { specifier, typeOnly } = named
    const joined = posix.join(posix.dirname(path), specifier)
    const target = specifier.startsWith('.') && known.has(joined) ? joined : null
    imports.push({ specifier, target, line: lineOf(node, tree), typeOnly })
  })
  return imports
}

function moduleNamedBy(node: ts.Node): { specifier: string; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node)) {
    const isType = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
    return { specifier: textOf(node.moduleSpecifier), typeOnly: isType }
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return { specifier: textOf(node.moduleSpecifier), typeOnly: node.isTypeOnly }
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return { specifier: textOf(node.argument.literal), typeOnly: true }
  }
  if (ts.isExternalModuleReference(node)) return { specifier: textOf(node.expression), typeOnly: false }
  if (isImportCall(node)) return { specifier: textOf(node.arguments[0]), typeOnly: false }
  return undefined
}

function isImportCall(node: ts.Node): node is ts.CallExpression {
  if (!ts.isCallExpression(node)) return false
  const called = node.expression
  return called.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(called) && called.text === 'require')
}

/** Empty for what is not a written text. */
function textOf(node: ts.Node | undefined): string {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : ''
}
