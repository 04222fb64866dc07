import ts from 'typescript'
import { type Finding, findingAt, type Source, walk } from './sources.ts'
import { collectTainted, localTaint, type Taint } from './taint.ts'

/** The one file that may say that a query has passed the guard. */
const guardFile = 'access/guard.ts'
/** The rooms through which rows travel: here a cast through `unknown` or `never` hides too much. */
const rowRooms = new Set(['rows', 'data', 'connectors', 'catalog', 'features'])

/**
 * Everything by which a query could come to be `Guarded` outside the guard, as far as the text shows it: casts, predicates,
 * annotations over `any`, and changed copies of a guarded query, which keep its brand.
 */
export function guardFindings(sources: readonly Source[]): Finding[] {
  const tainted = collectTainted(sources, guardFile)
  return sources.filter(({ isTest }) => !isTest).flatMap((source) => findingsIn(source, tainted))
}

function findingsIn(source: Source, tainted: ReadonlySet<string>): Finding[] {
  const findings = exportedBrand(source)
  if (source.path === guardFile) return findings
  const taint = localTaint(source, tainted)
  const guarded = guardedNames(source, taint)
  const inRowRoom = rowRooms.has(source.room)
  walk(source.tree, (node) => {
    const message = forged(node, taint) ?? changedCopy(node, guarded) ?? (inRowRoom ? blindCast(node) : undefined)
    if (message !== undefined) findings.push(findingAt(source, node, ['guard', message]))
  })
  return findings
}

function isCast(node: ts.Node): node is ts.AsExpression | ts.TypeAssertion {
  return ts.isAsExpression(node) || ts.isTypeAssertionExpression(node)
}

function forged(node: ts.Node, taint: Taint): string | undefined {
  if (isCast(node) && taint.mentions(node.type)) return `a cast to a guarded type belongs in ${guardFile}`
  if (ts.isTypePredicateNode(node) && node.type && taint.mentions(node.type)) return 'a predicate makes a guarded type'
  if (ts.isCallExpression(node) && node.typeArguments?.some(taint.mentions))
    return 'a type argument makes a guarded type'
  if (ts.isFunctionLike(node) && 'body' in node && node.body && declares(node.type, taint)) {
    return 'a function declares a guarded result: let the compiler infer it'
  }
  if (
    (ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node)) &&
    node.type &&
    taint.mentionsBrand(node.type)
  ) {
    return 'a variable is declared guarded: let the compiler infer it'
  }
  return undefined
}

/** A predicate is found by itself. */
function declares(type: ts.TypeNode | undefined, taint: Taint): boolean {
  return type !== undefined && !ts.isTypePredicateNode(type) && taint.mentionsBrand(type)
}

/** `x as never`, `x as any`, `x as unknown as T`. */
function blindCast(node: ts.Node): string | undefined {
  if (!isCast(node)) return undefined
  const { kind } = node.type
  if (kind === ts.SyntaxKind.NeverKeyword || kind === ts.SyntaxKind.AnyKeyword) {
    return 'a cast to never or any hides what the guard has seen'
  }
  let inner: ts.Expression = node.expression
  while (ts.isParenthesizedExpression(inner)) inner = inner.expression
  if (!isCast(inner) || inner.type.kind !== ts.SyntaxKind.UnknownKeyword) return undefined
  return 'a cast through unknown hides what the guard has seen'
}

/** The parameters and variables of a file that hold a guarded query, by name. */
function guardedNames(source: Source, taint: Taint): Set<string> {
  const names = new Set<string>()
  walk(source.tree, (node) => {
    if (ts.isParameter(node) && node.type !== undefined && taint.mentionsBrand(node.type)) addNames(node.name, names)
    if (ts.isVariableDeclaration(node) && node.initializer !== undefined && comesFromGuard(node.initializer, taint)) {
      addNames(node.name, names)
    }
  })
  return names
}

function comesFromGuard(node: ts.Expression, taint: Taint): boolean {
  const called = ts.isAwaitExpression(node) ? node.expression : node
  return (
    ts.isCallExpression(called) && ts.isIdentifier(called.expression) && taint.isGuardFunction(called.expression.text)
  )
}

function addNames(name: ts.BindingName, names: Set<string>): void {
  if (ts.isIdentifier(name)) names.add(name.text)
  else for (const element of name.elements) if (ts.isBindingElement(element)) addNames(element.name, names)
}

/** `{ ...query, … }`, `const { pipeline, ...rest } = query`, `Object.assign(query, …)`: other content under the same brand. */
function changedCopy(node: ts.Node, guarded: ReadonlySet<string>): string | undefined {
  const message = 'a changed copy of a guarded query keeps its brand'
  if (ts.isSpreadAssignment(node) && isNamed(node.expression, guarded)) return message
  if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name) && node.initializer !== undefined) {
    const takesRest = node.name.elements.some(({ dotDotDotToken }) => dotDotDotToken !== undefined)
    return takesRest && isNamed(node.initializer, guarded) ? message : undefined
  }
  if (!ts.isCallExpression(node) || node.expression.getText() !== 'Object.assign') return undefined
  return node.arguments.some((argument) => isNamed(argument, guarded)) ? message : undefined
}

/** The name itself, or a member that was guarded: `query`, `guardedResult.query`. */
function isNamed(node: ts.Expression, names: ReadonlySet<string>): boolean {
  if (ts.isIdentifier(node)) return names.has(node.text)
  return ts.isPropertyAccessExpression(node) && isNamed(node.expression, names)
}

/** The symbol of the brand must stay a type without a value, in the one file that declares it. */
function exportedBrand(source: Source): Finding[] {
  const findings: Finding[] = []
  walk(source.tree, (node) => {
    if (ts.isVariableStatement(node) && node.declarationList.declarations.some(isBrand)) {
      const modifiers = node.modifiers?.map(({ kind }) => kind) ?? []
      if (modifiers.includes(ts.SyntaxKind.ExportKeyword) || !modifiers.includes(ts.SyntaxKind.DeclareKeyword)) {
        findings.push(findingAt(source, node, ['guard', 'the brand must be declared only, and not exported']))
      }
    }
    if (ts.isExportSpecifier(node) && (node.propertyName ?? node.name).text === 'guarded') {
      findings.push(findingAt(source, node, ['guard', 'the brand must not be exported']))
    }
  })
  return findings
}

function isBrand({ name, type }: ts.VariableDeclaration): boolean {
  return ts.isIdentifier(name) && name.text === 'guarded' && type !== undefined && ts.isTypeOperatorNode(type)
}
