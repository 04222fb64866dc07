import { canonicalJson } from '../base/index.ts'
import type { Condition } from '../pipeline/index.ts'
import { isAdmin, privilegeOn } from './authorize.ts'
import type { PermissionRecord } from './permission-record.ts'
import type { Principal, Stage } from './principal.ts'
import { renderCondition } from './rule-values.ts'

const everything: Condition = { always: true }
const nothing: Condition = { always: false }

export interface RuleContext {
  readonly principal: Principal
  readonly app: string
  readonly stage: Stage
  /** What a domain without any record shows (`permissions.when_unset`). */
  readonly whenUnset: 'allow' | 'deny'
}

/**
 * The rows of a domain that a principal may see, as one rendered condition in canonical form: equal rights give equal conditions.
 * Production: for every role, administrators included. Staging: only validators are limited (`permissions.md`, "Which records apply").
 */
export function rowRule(records: readonly PermissionRecord[], context: RuleContext): Condition {
  if (context.stage === 'staging' && buildsStaging(context)) return everything
  if (records.length === 0) return context.whenUnset === 'allow' ? everything : nothing
  const { principal } = context
  const own = records.filter(
    ({ scope, group }) =>
      scope === 'ALL_USERS' || (scope === 'USER_GROUP' && group !== null && principal.groups.includes(group)),
  )
  // DEFAULT is a fallback: it is never added to the union of the others.
  const applied = own.length > 0 ? own : records.filter(({ scope }) => scope === 'DEFAULT')
  return canonical({ or: applied.map((record) => effectOf(record, principal)) })
}

function buildsStaging({ principal, app }: RuleContext): boolean {
  return isAdmin(principal) || privilegeOn(principal, app) === 'contribute'
}

function effectOf({ effect, condition }: PermissionRecord, principal: Principal): Condition {
  if (effect === 'SEE_ALL') return everything
  return effect === 'CUSTOM' && condition !== null ? renderCondition(condition, principal) : nothing
}

/**
 * The same truth in one form: constants folded, nested and/or of the same kind joined, members sorted and repeated ones dropped,
 * the items of `in` and `nin` as well.
 */
function canonical(condition: Condition): Condition {
  if ('and' in condition) return combine('and', condition.and)
  if ('or' in condition) return combine('or', condition.or)
  if ('value' in condition && (condition.operator === 'in' || condition.operator === 'nin')) {
    return { ...condition, value: sorted(condition.value) }
  }
  return condition
}

function combine(kind: 'and' | 'or', members: readonly Condition[]): Condition {
  const neutral = kind === 'and'
  const flat = members.map(canonical).flatMap((member) => membersOf(kind, member))
  if (flat.some((member) => 'always' in member && member.always !== neutral)) return { always: !neutral }
  const rest = sorted(flat.filter((member) => !('always' in member)))
  const [only] = rest
  if (!only) return { always: neutral }
  if (rest.length === 1) return only
  return kind === 'and' ? { and: rest } : { or: rest }
}

function membersOf(kind: 'and' | 'or', condition: Condition): readonly Condition[] {
  if (kind === 'and' && 'and' in condition) return condition.and
  if (kind === 'or' && 'or' in condition) return condition.or
  return [condition]
}

function sorted<T>(items: readonly T[]): T[] {
  const byText = new Map(items.map((item) => [canonicalJson(item), item]))
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item)
}
