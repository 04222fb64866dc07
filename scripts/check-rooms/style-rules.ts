import ts from 'typescript'
import { type Finding, findingAt, lineOf, type Source, walk } from './sources.ts'

const longestFile = 400
const longestFunction = 60
/** Says how large Node's pool is, which no module that is loaded later can. */
const launcher = 'cli/laputa.cts'
/** Wiring from top to bottom, and the table of the steps. */
const longFunctionsIn = new Set(['processes/compose.ts', 'pipeline/steps/index.ts'])

const builtInErrors = new Set([
  'Error',
  'AggregateError',
  'EvalError',
  'RangeError',
  'SyntaxError',
  'TypeError',
  'URIError',
])

/** What a file may do by the room it is in. Tests may make errors, have long functions, and look for servers in the environment. */
export function styleFindings(source: Source): Finding[] {
  const findings: Finding[] = []
  const lines = source.tree.text.replace(/\n$/, '').split('\n')
  if (lines.length > longestFile) {
    findings.push(findingAt(source, source.tree, ['file-length', `${lines.length} lines, at most ${longestFile}`]))
  }
  findings.push(...suppressions(source, lines))
  const processNames = namesOfModule(source.tree, 'process')
  walk(source.tree, (node) => {
    const broken = brokenBy(source, node, { lines, processNames })
    if (broken !== undefined) findings.push(findingAt(source, node, broken))
  })
  return findings
}

interface FileFacts {
  readonly lines: readonly string[]
  readonly processNames: ReadonlySet<string>
}

function brokenBy(source: Source, node: ts.Node, facts: FileFacts): readonly [string, string] | undefined {
  if (
    !source.isTest &&
    source.room !== 'config' &&
    source.path !== launcher &&
    readsEnvironment(node, facts.processNames)
  ) {
    return ['process-env', 'only config/ reads process.env']
  }
  if (source.room !== 'cli' && isConsole(node)) return ['console', 'only cli/ writes to the console']
  if (source.isTest) return undefined
  if (source.room !== 'base' && makesError(node)) return ['error', 'raise a Problem of the catalogue instead']
  if (ts.isFunctionLike(node) && 'body' in node && node.body && !longFunctionsIn.has(source.path)) {
    const length = linesOfCode(node, source.tree, facts.lines)
    if (length > longestFunction) return ['function-length', `${length} lines, at most ${longestFunction}`]
  }
  return undefined
}

function linesOfCode(node: ts.Node, tree: ts.SourceFile, lines: readonly string[]): number {
  const last = tree.getLineAndCharacterOfPosition(node.end).line + 1
  return lines.slice(lineOf(node, tree) - 1, last).filter((line) => line.trim() !== '').length
}

function suppressions(source: Source, lines: readonly string[]): Finding[] {
  if (source.isTest) return []
  return lines.flatMap((line, index) =>
    /\/[/*].*@ts-(ignore|expect-error|nocheck)/.test(line)
      ? [{ file: `src/${source.path}`, line: index + 1, rule: 'suppression', message: 'the compiler is not silenced' }]
      : [],
  )
}

/** `process.env`, `process['env']`, `const { env } = process`, `import { env } from 'node:process'`. */
function readsEnvironment(node: ts.Node, processNames: ReadonlySet<string>): boolean {
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
    return memberOf(node) === 'env' && isProcess(node.expression, processNames)
  }
  if (ts.isVariableDeclaration(node) && node.initializer !== undefined && ts.isObjectBindingPattern(node.name)) {
    const takesEnv = node.name.elements.some((element) => (element.propertyName ?? element.name).getText() === 'env')
    return takesEnv && isProcess(node.initializer, processNames)
  }
  return (
    ts.isImportSpecifier(node) &&
    (node.propertyName ?? node.name).text === 'env' &&
    isModule(node.parent.parent.parent.moduleSpecifier, 'process')
  )
}

function isProcess(node: ts.Expression, names: ReadonlySet<string>): boolean {
  if (ts.isIdentifier(node)) return names.has(node.text)
  return (
    ts.isPropertyAccessExpression(node) && node.name.text === 'process' && node.expression.getText() === 'globalThis'
  )
}

function memberOf(node: ts.PropertyAccessExpression | ts.ElementAccessExpression): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text
  return ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : undefined
}

/** The names by which a file knows a global that is also a module: `import p, * as q from 'node:process'`. */
function namesOfModule(tree: ts.SourceFile, name: string): Set<string> {
  const names = new Set([name])
  for (const statement of tree.statements) {
    if (!ts.isImportDeclaration(statement) || !isModule(statement.moduleSpecifier, name)) continue
    const { name: whole, namedBindings } = statement.importClause ?? {}
    if (whole !== undefined) names.add(whole.text)
    if (namedBindings !== undefined && ts.isNamespaceImport(namedBindings)) names.add(namedBindings.name.text)
  }
  return names
}

function isModule(node: ts.Node, name: string): boolean {
  return ts.isStringLiteral(node) && (node.text === name || node.text === `node:${name}`)
}

function isConsole(node: ts.Node): boolean {
  if (ts.isImportDeclaration(node)) return isModule(node.moduleSpecifier, 'console')
  if (!ts.isIdentifier(node) || node.text !== 'console') return false
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return parent.expression.getText() === 'globalThis'
  if (ts.isShorthandPropertyAssignment(parent)) return true
  // A member, parameter or column that is called console is not the console.
  const isName = 'name' in parent && parent.name === node
  const isRenamed = 'propertyName' in parent && parent.propertyName === node
  return !isName && !isRenamed
}

function makesError(node: ts.Node): boolean {
  const isCall = ts.isNewExpression(node) || ts.isCallExpression(node)
  return isCall && ts.isIdentifier(node.expression) && builtInErrors.has(node.expression.text)
}
