import { canonicalJson } from '../base/index.ts'
import type { ColumnRule, Condition, Value } from '../pipeline/index.ts'
import { isAdmin, privilegeOn } from './authorize.ts'
import type { PermissionRecord, RecordColumns } from './permission-record.ts'
import type { Principal, Stage } from './principal.ts'
import { renderCondition } from './rule-values.ts'

const everything: Condition = { always: true }
const nothing: Condition = { always: false }

export interface RuleContext {
  readonly principal: Principal
  /** With whose rights the principal looks. Then only what both may see is seen, and nothing exempts the one looked as. */
  readonly viewAs?: Principal | undefined
  readonly app: string
  readonly stage: Stage
  /** What a domain without any record shows (`permissions.when_unset`). */
  readonly whenUnset: 'allow' | 'deny'
}

/**
 * Why a rule is what it is. `records`: those of the principal's groups and of all users. `fallback`: the DEFAULT record, since none of the
 * others is about them. `no_match`: there are records, and none is about them. `unset_…`: there are no records, and the instance
 * decides. `staging_builder`: builders see all rows of staging.
 */
export type RuleReason = 'records' | 'fallback' | 'no_match' | 'unset_allow' | 'unset_deny' | 'staging_builder'

/** What a principal may see of a domain: of its rows, and of their columns. */
export interface DomainRule {
  readonly rule: Condition
  readonly kept: ColumnRule | undefined
  /** The records that decided. */
  readonly applied: readonly PermissionRecord[]
  readonly because: RuleReason
}

/** The rule of one of those with whose rights a domain is seen. */
export interface PersonalRule extends DomainRule {
  readonly principal: Principal
}

/**
 * What a principal may see of a domain: its rows as one rendered condition in canonical form, so that equal rights give equal conditions,
 * and the columns that are kept back. Rows are the union of what the records show; a column is kept back as soon as one of them says
 * so. Production: for every role, administrators included. Staging: only validators are limited (`permissions.md`, "Which records apply").
 */
export function domainRule(records: readonly PermissionRecord[], context: RuleContext): DomainRule {
  const [first, ...others] = personalRules(records, context)
  return others.reduce<DomainRule>(bothRules, first)
}

/** The rules that `domainRule` puts together: that of whom the principal looks as, where they do, and the principal's own. */
export function personalRules(
  records: readonly PermissionRecord[],
  context: RuleContext,
): readonly [PersonalRule, ...PersonalRule[]] {
  const { principal, viewAs } = context
  const own = { principal, ...ownRule(records, context) }
  // As in production, where nobody is exempt: a view is of what rules do, also at a stage where they would do nothing to a builder.
  const theirs = viewAs && ownRule(records, { ...context, principal: viewAs, stage: 'production' })
  return theirs ? [{ principal: viewAs, ...theirs }, own] : [own]
}

function ownRule(records: readonly PermissionRecord[], context: RuleContext): DomainRule {
  const whole = (rule: Condition, because: RuleReason): DomainRule => ({ rule, kept: undefined, applied: [], because })
  if (context.stage === 'staging' && buildsStaging(context)) return whole(everything, 'staging_builder')
  if (records.length === 0) {
    return context.whenUnset === 'allow' ? whole(everything, 'unset_allow') : whole(nothing, 'unset_deny')
  }
  const { principal } = context
  const own = records.filter(
    ({ scope, group }) =>
      scope === 'ALL_USERS' || (scope === 'USER_GROUP' && group !== null && principal.groups.includes(group)),
  )
  // DEFAULT is a fallback: it is never added to the union of the others.
  const applied = own.length > 0 ? own : records.filter(({ scope }) => scope === 'DEFAULT')
  const rule = canonical({ or: applied.map((record) => effectOf(record, principal)) })
  const because = own.length > 0 ? 'records' : applied.length > 0 ? 'fallback' : 'no_match'
  return { rule, kept: keptBack(applied.flatMap(({ columns }) => columns ?? [])), applied, because }
}

/** Rows that both show, without the columns that either keeps back. */
function bothRules(one: DomainRule, other: DomainRule): DomainRule {
  return {
    rule: canonical({ and: [one.rule, other.rule] }),
    kept: keptBack([one.kept ?? [], other.kept ?? []].flat()),
    applied: [...one.applied, ...other.applied],
    because: one.because,
  }
}

/** Hiding wins over a mask; two masks that say different things show nothing. */
function keptBack(columns: readonly (RecordColumns | ColumnRule)[]): ColumnRule | undefined {
  const hide = [...new Set(columns.flatMap((one) => one.hide))].sort()
  const mask = new Map<string, Value>()
  for (const [column, value] of columns.flatMap((one) => Object.entries(one.mask))) {
    if (!hide.includes(column)) mask.set(column, mask.has(column) && mask.get(column) !== value ? null : value)
  }
  if (hide.length === 0 && mask.size === 0) return undefined
  return { hide, mask: Object.fromEntries([...mask].sort(([a], [b]) => (a < b ? -1 : 1))) }
}

function buildsStaging({ principal, app }: RuleContext): boolean {
  return isAdmin(principal) || privilegeOn(principal, app) === 'contribute'
}

/** The rows that one record shows to somebody. */
export function effectOf({ effect, condition }: PermissionRecord, principal: Principal): Condition {
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
