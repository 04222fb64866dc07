import { Problem } from '../../base/index.ts'
import type { Condition, ConditionLeaf } from '../condition.ts'

/** The members of a combination. An empty one has no meaning that is safe, and no parser makes it. */
export function membersOf(condition: Exclude<Condition, ConditionLeaf | { always: boolean }>): readonly Condition[] {
  const members = 'and' in condition ? condition.and : condition.or
  if (members.length === 0) throw new Problem('internal', 'A condition combines an empty list.')
  return members
}

/** The names of all columns that a condition compares, in the order of their first use. */
export function conditionColumns(condition: Condition): string[] {
  const names = new Set<string>()
  collect(condition, names)
  return [...names]
}

function collect(condition: Condition, names: Set<string>): void {
  if ('always' in condition) return
  if ('column' in condition) names.add(condition.column)
  else for (const member of membersOf(condition)) collect(member, names)
}
