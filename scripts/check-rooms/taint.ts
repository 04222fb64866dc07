import ts from 'typescript'
import { type Source, walk } from './sources.ts'

/** What the names in one file mean for the guard. */
export interface Taint {
  /** The type says `Guarded`, or a name that stands for it or contains it, such as `Engine`. */
  readonly mentions: (type: ts.Node) => boolean
  /** The type says `Guarded` or a name that stands for it, such as `ReturnType<typeof guard>`. */
  readonly mentionsBrand: (type: ts.Node) => boolean
  readonly isGuardFunction: (name: string) => boolean
}

/** What a name can mean: it stands for a guarded type, or it contains one. */
const meanings = ['brand:', 'container:'] as const
/** Types of values have names of their own: `typeof guard` is one, whatever else is called `guard`. */
const ofValue = 'typeof '

/**
 * The names, over all files, that stand for `Guarded` (aliases and what extends them), contain it (interfaces and classes), or are
 * functions of the guard. Found by name, without types: a name that two files use for different things counts as the worse of them.
 */
export function collectTainted(sources: readonly Source[], guardFile: string): ReadonlySet<string> {
  const tainted = new Set(['brand:Guarded'])
  for (const source of sources.filter(({ path }) => path === guardFile)) {
    for (const statement of source.tree.statements) {
      if (ts.isFunctionDeclaration(statement) && statement.name) tainted.add(`brand:${ofValue}${statement.name.text}`)
    }
  }
  const files = sources.map((source) => ({ source, declarations: source.tree.statements.flatMap(declarationsIn) }))
  for (let before = -1; before !== tainted.size; ) {
    before = tainted.size
    for (const { source, declarations } of files) {
      const local = localNames(source, tainted)
      for (const declaration of declarations) addMeanings(declaration, local, tainted)
    }
  }
  return tainted
}

/** A new name, and the names that its declaration uses: as what it is, and in its members. */
interface Declaration {
  readonly name: string
  readonly is: ReadonlySet<string>
  readonly has: ReadonlySet<string>
}

function declarationsIn(statement: ts.Statement): Declaration[] {
  const none = new Set<string>()
  if (ts.isTypeAliasDeclaration(statement)) {
    return [{ name: statement.name.text, is: namesIn([statement.type]), has: none }]
  }
  if ((ts.isInterfaceDeclaration(statement) || ts.isClassDeclaration(statement)) && statement.name !== undefined) {
    const { name, heritageClauses = [], members } = statement
    return [{ name: name.text, is: namesIn([...heritageClauses]), has: namesIn([...members]) }]
  }
  if (!ts.isExportDeclaration(statement) || !statement.exportClause || !ts.isNamedExports(statement.exportClause))
    return []
  return statement.exportClause.elements.map((element) => ({
    name: element.name.text,
    is: new Set([(element.propertyName ?? element.name).text]),
    has: none,
  }))
}

function addMeanings({ name, is, has }: Declaration, local: ReadonlySet<string>, tainted: Set<string>): void {
  for (const meaning of meanings) {
    if (says(is, local, meaning)) tainted.add(meaning + name)
  }
  // Only what says the brand itself: otherwise the table of everything would contain it, and no cast would be left.
  if (says(has, local, 'brand:')) tainted.add(`container:${name}`)
}

/** The tainted names as this file knows them: with the new names of its imports. */
function localNames(source: Source, tainted: ReadonlySet<string>): ReadonlySet<string> {
  const local = new Set(tainted)
  for (const statement of source.tree.statements) {
    if (!ts.isImportDeclaration(statement)) continue
    const bindings = statement.importClause?.namedBindings
    if (bindings === undefined || !ts.isNamedImports(bindings)) continue
    for (const { name, propertyName } of bindings.elements) {
      if (propertyName === undefined) continue
      for (const start of meanings.flatMap((meaning) => [meaning, meaning + ofValue])) {
        if (tainted.has(start + propertyName.text)) local.add(start + name.text)
      }
    }
  }
  return local
}

function namesIn(nodes: readonly ts.Node[]): Set<string> {
  const names = new Set<string>()
  for (const node of nodes) {
    walk(node, (inner) => {
      if (!ts.isIdentifier(inner)) return
      names.add(ts.isTypeQueryNode(inner.parent) ? ofValue + inner.text : inner.text)
    })
  }
  return names
}

function says(names: ReadonlySet<string>, local: ReadonlySet<string>, meaning: (typeof meanings)[number]): boolean {
  for (const name of names) if (local.has(meaning + name)) return true
  return false
}

export function localTaint(source: Source, tainted: ReadonlySet<string>): Taint {
  const local = localNames(source, tainted)
  return {
    mentions: (type) => meanings.some((meaning) => says(namesIn([type]), local, meaning)),
    mentionsBrand: (type) => says(namesIn([type]), local, 'brand:'),
    isGuardFunction: (name) => local.has(`brand:${ofValue}${name}`),
  }
}
