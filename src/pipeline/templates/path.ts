import { type Node, node } from './nodes.ts'
import { constants, type TemplateValue, type TemplateVariables } from './values.ts'

/** The steps of an expression that only follows members, such as `user.attributes['airline']`; undefined when it does more. */
export function pathOf(expression: Node | undefined): readonly (string | number)[] | undefined {
  if (expression?.type === 'Identifier') {
    const name = String(expression.value)
    return Object.hasOwn(constants, name) ? undefined : [name]
  }
  if (expression?.type !== 'MemberExpression') return undefined
  const parents = pathOf(node(expression.object))
  const property = node(expression.property)
  const key = property?.value
  const isName = property?.type === 'StringLiteral' || (property?.type === 'Identifier' && expression.computed !== true)
  if (!parents || !(isName || property?.type === 'IntegerLiteral')) return undefined
  return typeof key === 'string' || typeof key === 'number' ? [...parents, key] : undefined
}

/**
 * Follows own members only, so that nothing of JavaScript's objects can be reached. Undefined when there is nothing.
 * Most templates are such a path: they need no interpreter, and dates and long lists pass through as they are.
 */
export function follow(variables: TemplateVariables, path: readonly (string | number)[]): TemplateValue | undefined {
  let current: TemplateValue | undefined = variables
  for (const key of path) {
    if (Array.isArray(current)) current = typeof key === 'number' ? current.at(key) : undefined
    else if (isRecord(current)) current = Object.hasOwn(current, key) ? current[key] : undefined
    else return undefined
  }
  return current
}

function isRecord(value: TemplateValue | undefined): value is { readonly [key: string]: TemplateValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
