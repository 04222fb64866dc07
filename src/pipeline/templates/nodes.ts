import type { parse } from '@huggingface/jinja'

/** What the library's parser gives: every node has a type, everything else depends on it. */
export interface Node {
  readonly type: string
  readonly [member: string]: unknown
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** The statements and expressions of a template, in order. */
export function bodyOf(program: ReturnType<typeof parse>): readonly Node[] {
  return nodes(program.body)
}

export function nodes(value: unknown): readonly Node[] {
  return Array.isArray(value) ? value.filter(isNode) : []
}

export function node(value: unknown): Node | undefined {
  return isNode(value) ? value : undefined
}

/** All nodes directly inside one. Operators are tokens, which look like nodes but hold no others. */
export function childrenOf(parent: Node): readonly Node[] {
  const children: Node[] = []
  for (const member of Object.values(parent)) {
    if (isNode(member)) children.push(member)
    else if (Array.isArray(member)) children.push(...nodes(member))
    else if (member instanceof Map) children.push(...nodes([...member.keys(), ...member.values()]))
  }
  return children
}

/** An expression as a reader would name it in a message. */
export function describe(expression: Node | undefined): string {
  if (!expression) return 'the template'
  const inner = (member: string): string => describe(node(expression[member]))
  switch (expression.type) {
    case 'Identifier':
      return String(expression.value)
    case 'StringLiteral':
      return JSON.stringify(expression.value)
    case 'IntegerLiteral':
      return String(expression.value)
    case 'MemberExpression':
      return expression.computed
        ? `${inner('object')}[${inner('property')}]`
        : `${inner('object')}.${inner('property')}`
    case 'CallExpression':
      return `${inner('callee')}()`
    case 'FilterExpression':
      return `${inner('operand')}|${inner('filter')}`
    default:
      return 'the expression'
  }
}
