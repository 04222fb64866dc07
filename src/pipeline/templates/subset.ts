import { childrenOf, describe, type Node, node, nodes } from './nodes.ts'

/** The part of Jinja that pipelines and permissions may use. Nothing here can loop without bound or reach outside of its variables. */
const filters = words(
  'default first last length upper lower title capitalize trim join list int float abs string unique sort reverse replace map items',
)
const tests = words('defined undefined none string number integer boolean mapping iterable true false odd even')
const methods = words(
  'get items keys values upper lower strip lstrip rstrip title capitalize startswith endswith split replace',
)
const functions = words('dict')
const statements = words('If For Comment')
const expressions = words(
  'Identifier MemberExpression SliceExpression CallExpression KeywordArgumentExpression FilterExpression TestExpression',
  'SelectExpression Ternary UnaryExpression BinaryExpression StringLiteral IntegerLiteral FloatLiteral ArrayLiteral',
  'TupleLiteral ObjectLiteral',
)

function words(...lines: readonly string[]): readonly string[] {
  return lines.join(' ').split(' ')
}

/** What has been learnt about a template before it runs. */
export interface Analysis {
  /** Variables that it reads, by their first name. */
  readonly names: ReadonlySet<string>
  /** Expressions whose value is put into the text. */
  readonly outputs: ReadonlySet<Node>
  /** Expressions that may be undefined where they stand, because the template asks for it (`default`, `is defined`, …). */
  readonly tolerant: ReadonlySet<Node>
  /** Expressions that have a member taken: when they are undefined, so is the member, which is what gets reported. */
  readonly objects: ReadonlySet<Node>
  /** Methods that are called, the only place where a function may stand. */
  readonly callees: ReadonlySet<Node>
}

interface Draft {
  readonly strict: boolean
  readonly names: Set<string>
  readonly outputs: Set<Node>
  readonly tolerant: Set<Node>
  readonly objects: Set<Node>
  readonly callees: Set<Node>
}

/**
 * Checks that a template stays inside of the subset; `refused` says what does not. `strict`: expressions only, and nothing but
 * `default` and `is defined` makes an undefined value acceptable.
 */
export function analyse(body: readonly Node[], strict: boolean): Analysis | { readonly refused: string } {
  const draft: Draft = {
    strict,
    names: new Set(),
    outputs: new Set(),
    tolerant: new Set(),
    objects: new Set(),
    callees: new Set(),
  }
  const refused = checkBody(body, draft)
  return refused === undefined ? draft : { refused }
}

function checkBody(body: readonly Node[], draft: Draft): string | undefined {
  for (const part of body) {
    if (!statements.includes(part.type)) draft.outputs.add(part)
    const refused = check(part, draft)
    if (refused !== undefined) return refused
  }
  return undefined
}

function check(current: Node, draft: Draft): string | undefined {
  const isStatement = statements.includes(current.type)
  if (isStatement && draft.strict && current.type !== 'Comment') return 'Only {{ … }} can be used here.'
  if (!isStatement && !expressions.includes(current.type)) return `"${current.type}" cannot be used in a template.`
  if (current.type === 'Comment') return undefined
  if (current.type === 'If' || current.type === 'For') return checkStatement(current, draft)
  return checkNames(current, draft) ?? checkAll(operandsOf(current), draft)
}

function checkStatement(statement: Node, draft: Draft): string | undefined {
  const test = node(statement.test)
  if (test) tolerate(test, draft)
  const heads = [statement.test, statement.iterable].map(node).filter((head) => head !== undefined)
  const bodies = [statement.body, statement.alternate, statement.defaultBlock].map(nodes)
  return checkAll(heads, draft) ?? bodies.map((body) => checkBody(body, draft)).find((refused) => refused !== undefined)
}

function checkAll(list: readonly Node[], draft: Draft): string | undefined {
  for (const item of list) {
    const refused = check(item, draft)
    if (refused !== undefined) return refused
  }
  return undefined
}

/** Names that are not variables are checked against the lists; where undefined is acceptable is noted. */
function checkNames(current: Node, draft: Draft): string | undefined {
  switch (current.type) {
    case 'Identifier':
      draft.names.add(String(current.value))
      return undefined
    case 'MemberExpression':
      note(draft.objects, current.object)
      return undefined
    case 'CallExpression':
      return checkCall(current, draft)
    case 'FilterExpression':
      return checkFilter(current, draft)
    case 'TestExpression': {
      const test = nameOf(current.test)
      if (test === 'defined' || test === 'undefined') tolerate(node(current.operand), draft)
      return tests.includes(test) ? undefined : `There is no test "${test}".`
    }
    default:
      tolerateTruth(current, draft)
      return undefined
  }
}

function checkCall(call: Node, draft: Draft): string | undefined {
  const callee = node(call.callee)
  const method = callee?.type === 'MemberExpression' && callee.computed !== true ? nameOf(callee.property) : undefined
  const allowed =
    callee?.type === 'Identifier'
      ? functions.includes(nameOf(callee))
      : method !== undefined && methods.includes(method)
  if (allowed) note(draft.callees, callee)
  return allowed ? undefined : `"${describe(callee)}" cannot be called in a template.`
}

function checkFilter(current: Node, draft: Draft): string | undefined {
  const filter = node(current.filter)
  const name = nameOf(filter?.type === 'CallExpression' ? filter.callee : filter)
  if (name === 'default') tolerate(node(current.operand), draft)
  return filters.includes(name) ? undefined : `There is no filter "${name}".`
}

/** Where a value is only asked whether it is true, undefined is as good as false, except in permissions. */
function tolerateTruth(current: Node, draft: Draft): void {
  if (draft.strict) return
  if (current.type === 'Ternary') tolerate(node(current.condition), draft)
  if (current.type === 'SelectExpression') tolerate(node(current.test), draft)
  const operator = nameOf(current.operator)
  if (current.type === 'UnaryExpression' && operator === 'not') tolerate(node(current.argument), draft)
  if (current.type === 'BinaryExpression' && (operator === 'and' || operator === 'or'))
    tolerate(node(current.left), draft)
}

/** Also what such an expression passes on unchanged. */
function tolerate(expression: Node | undefined, draft: Draft): void {
  if (!expression || draft.tolerant.has(expression)) return
  draft.tolerant.add(expression)
  const operator = nameOf(expression.operator)
  const passedOn =
    expression.type === 'Ternary'
      ? ['trueExpr', 'falseExpr']
      : expression.type === 'BinaryExpression' && (operator === 'and' || operator === 'or')
        ? ['left', 'right']
        : []
  for (const member of passedOn) tolerate(node(expression[member]), draft)
}

/** The expressions inside one that are evaluated as such: not the names of members, filters and tests. */
function operandsOf(current: Node): readonly Node[] {
  switch (current.type) {
    case 'MemberExpression':
      return [current.object, current.computed === true ? current.property : undefined]
        .map(node)
        .filter((item) => item !== undefined)
    case 'CallExpression': {
      const callee = node(current.callee)
      return [...(callee?.type === 'MemberExpression' ? [callee] : []), ...nodes(current.args)]
    }
    case 'FilterExpression': {
      const filter = node(current.filter)
      return [...nodes([current.operand]), ...(filter?.type === 'CallExpression' ? nodes(filter.args) : [])]
    }
    case 'TestExpression':
      return nodes([current.operand])
    case 'KeywordArgumentExpression':
      return nodes([current.value])
    case 'BinaryExpression':
      return nodes([current.left, current.right])
    case 'UnaryExpression':
      return nodes([current.argument])
    default:
      return childrenOf(current)
  }
}

function nameOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'value' in value ? String(value.value) : ''
}

function note(set: Set<Node>, value: unknown): void {
  const found = node(value)
  if (found) set.add(found)
}
