import { isProblem, type JsonObject } from '../base/index.ts'
import {
  type Condition,
  type ConditionLeaf,
  compileTemplate,
  isTemplate,
  parseCondition,
  type TemplateValue,
  type Value,
} from '../pipeline/index.ts'
import type { Principal } from './principal.ts'

const denied: Condition = { always: false }

/**
 * A record's condition with the principal's values in it. Templates see `user` and nothing else, and are rendered to typed values
 * before anything is merged. A leaf whose template is undefined, null, empty or of a shape that its operator does not take is
 * false, whatever the operator; so is a condition that no longer parses.
 */
export function renderCondition(raw: JsonObject, principal: Principal): Condition {
  const parsed = parseCondition(raw, { at: '', grammar: 'permission' })
  if ('errors' in parsed) return denied
  const { username, roles, privileges, groups, attributes } = principal
  const user = { username, roles, privileges, groups, attributes } as unknown as TemplateValue
  return renderTree(parsed.condition, user)
}

function renderTree(condition: Condition, user: TemplateValue): Condition {
  if ('and' in condition) return { and: condition.and.map((member) => renderTree(member, user)) }
  if ('or' in condition) return { or: condition.or.map((member) => renderTree(member, user)) }
  return 'always' in condition ? denied : (renderLeaf(condition, user) ?? denied)
}

/** Undefined: the leaf denies. */
function renderLeaf(leaf: ConditionLeaf, user: TemplateValue): Condition | undefined {
  switch (leaf.operator) {
    case 'isnull':
    case 'notnull':
      return leaf
    case 'in':
    case 'nin': {
      const value = renderList(leaf.value, user)
      return value && { ...leaf, value }
    }
    case 'matches':
    case 'notmatches': {
      const value = renderPattern(leaf.value, user)
      return value === undefined ? undefined : { ...leaf, value }
    }
    case 'from':
    case 'until':
      return undefined
    default: {
      const value = renderValue(leaf.value, user)
      return value === undefined || isList(value) || !isScalar(value) ? undefined : { ...leaf, value }
    }
  }
}

/** The items, a list among them spliced once. Undefined when there are none in the end, or one of them is not a value. */
function renderList(items: readonly Value[], user: TemplateValue): Value[] | undefined {
  const list: Value[] = []
  for (const item of items) {
    const value = renderValue(item, user)
    if (value === undefined) return undefined
    if (!isList(value)) {
      if (!isScalar(value)) return undefined
      list.push(value)
      continue
    }
    for (const inner of value) {
      // Null and the empty text inside an attribute are as good as missing: they say nothing about the user.
      if (isList(inner) || !isScalar(inner) || inner === null || inner === '') return undefined
      list.push(inner)
    }
    if (value.length === 0) return undefined
  }
  // An empty list that a builder wrote keeps its meaning; one that came from a user has been refused above.
  return list
}

function renderValue(value: Value, user: TemplateValue): TemplateValue | undefined {
  if (typeof value !== 'string' || !isTemplate(value)) return value
  try {
    const rendered = compileTemplate(value, { expressionsOnly: true }).render({ user })
    return 'value' in rendered ? rendered.value : undefined
  } catch (error) {
    // The values do not fit the template (a number where it takes a text): no row may depend on that.
    if (isProblem(error)) return undefined
    throw error
  }
}

/**
 * What comes from the user is searched for literally: an attribute such as `.*`, which an identity provider may have let its owner
 * choose, must not become a pattern that matches every row.
 */
function renderPattern(pattern: string, user: TemplateValue): string | undefined {
  if (!isTemplate(pattern)) return pattern
  const value = renderValue(pattern, withQuotedTexts(user))
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const column = { column: 'pattern', operator: 'matches', value: String(value) }
  return 'errors' in parseCondition(column, { at: '', grammar: 'filter' }) ? undefined : String(value)
}

function withQuotedTexts(value: TemplateValue): TemplateValue {
  if (typeof value === 'string') return value.replace(/[\\^$.|?*+()[\]{}-]/g, '\\$&')
  if (isList(value)) return value.map(withQuotedTexts)
  if (isScalar(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withQuotedTexts(member)]))
}

function isList(value: TemplateValue): value is readonly TemplateValue[] {
  return Array.isArray(value)
}

function isScalar(value: TemplateValue): value is Value {
  return value === null || typeof value !== 'object' || value instanceof Date
}
