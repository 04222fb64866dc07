import { isObject, type ProblemItem } from '../../base/index.ts'
import type { Condition } from '../condition.ts'
import { pointer } from '../parsing/pointer.ts'
import type { ConditionIssue, Grammar, Place } from './issues.ts'
import { readLeaf } from './leaves.ts'

export const maxConditionDepth = 50

export interface ConditionOptions {
  /** JSON Pointer of the condition in what the client sent; errors are named from there. */
  readonly at: string
  readonly grammar: Grammar
}

/**
 * Reads a condition: `{and: […]}`, `{or: […]}` or `{column, operator, value}`. Every mistake is listed, each with its path.
 * Regular expressions are checked; templates of permissions as well. A lone template for `in` becomes a list with that one item.
 */
export function parseCondition(
  raw: unknown,
  { at, grammar }: ConditionOptions,
): { readonly condition: Condition } | { readonly errors: readonly ProblemItem[] } {
  const read = readCondition(raw, grammar)
  if ('condition' in read) return read
  return { errors: read.issues.map(({ path, ...issue }) => ({ path: pointer(at, path), ...issue })) }
}

/** The same, with paths that begin at the condition. */
export function readCondition(
  raw: unknown,
  grammar: Grammar,
): { readonly condition: Condition } | { readonly issues: readonly ConditionIssue[] } {
  const issues: ConditionIssue[] = []
  const condition = readTree(raw, { grammar, path: [], issues })
  return condition && issues.length === 0 ? { condition } : { issues }
}

/** The filter step also takes `and_` and `or_`, which older clients write. */
export function combinatorOf(key: string, grammar: Grammar): 'and' | 'or' | undefined {
  if (key === 'and' || key === 'or') return key
  if (grammar === 'permission') return undefined
  if (key === 'and_') return 'and'
  return key === 'or_' ? 'or' : undefined
}

function readTree(raw: unknown, place: Place): Condition | undefined {
  const { grammar, path, issues } = place
  // Each level adds two segments to the path: the combinator and the index.
  if (path.length > 2 * maxConditionDepth) {
    issues.push({ path, message: `Conditions nest at most ${maxConditionDepth} levels deep.` })
    return undefined
  }
  if (!isObject(raw)) {
    issues.push({ path, message: 'A condition is an object: {and: […]}, {or: […]} or {column, operator, value}.' })
    return undefined
  }
  const [key, second] = Object.keys(raw).filter((name) => combinatorOf(name, grammar) !== undefined)
  if (key === undefined) return readLeaf(raw, place)
  if (second !== undefined) {
    issues.push({ path, message: 'A condition has either "and" or "or", not both: nest one in the other.' })
    return undefined
  }
  return readCombination(raw, key, place)
}

function readCombination(raw: Record<string, unknown>, key: string, place: Place): Condition | undefined {
  const { grammar, path, issues } = place
  for (const other of Object.keys(raw)) {
    if (other !== key) issues.push({ path: [...path, other], message: `"${other}" cannot stand beside "${key}".` })
  }
  const list = raw[key]
  if (!Array.isArray(list)) {
    issues.push({ path: [...path, key], message: `"${key}" takes a list of conditions.` })
    return undefined
  }
  if (list.length === 0) issues.push({ path: [...path, key], message: `The list of "${key}" is empty.` })
  const members: Condition[] = []
  for (const [index, member] of list.entries()) {
    const condition = readTree(member, { grammar, issues, path: [...path, key, index] })
    if (condition) members.push(condition)
  }
  return combinatorOf(key, grammar) === 'and' ? { and: members } : { or: members }
}
