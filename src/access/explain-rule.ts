import type { ColumnRule, Condition } from '../pipeline/index.ts'
import type { PermissionRecord, RecordColumns } from './permission-record.ts'
import { effectOf, type PersonalRule, personalRules, type RuleContext, type RuleReason } from './row-rule.ts'

/**
 * Why a record took part in a rule, or did not. `everybody`, `member` and `fallback` did: it is about all users, about a group of theirs, or
 * the DEFAULT that is used when no other is. `other_group`: they are not in the group. `fallback_unused`: another record is about
 * them. `exempt`: no record is looked at for builders in staging.
 */
export type RecordReason = 'everybody' | 'member' | 'fallback' | 'other_group' | 'fallback_unused' | 'exempt'

export interface ConsideredRecord extends Pick<PermissionRecord, 'id' | 'scope' | 'group' | 'effect'> {
  readonly applied: boolean
  readonly why: RecordReason
  /** The rows that it shows, with the values of the user in it; null when it did not take part. */
  readonly condition: Condition | null
  readonly columns: RecordColumns | null
}

/** How the rule of one person about a domain came about. */
export interface RuleExplanation {
  readonly username: string
  readonly because: RuleReason
  readonly records: readonly ConsideredRecord[]
  /** The rows that may be seen. */
  readonly condition: Condition
  readonly kept: ColumnRule | undefined
}

/** How `domainRule` comes about: for whom the principal looks as, where they do, and for the principal. For builders: it tells of other people's rules. */
export function explainRule(records: readonly PermissionRecord[], context: RuleContext): readonly RuleExplanation[] {
  return personalRules(records, context).map((rule) => ({
    username: rule.principal.username,
    because: rule.because,
    records: records.map((record) => consider(record, rule)),
    condition: rule.rule,
    kept: rule.kept,
  }))
}

function consider(record: PermissionRecord, rule: PersonalRule): ConsideredRecord {
  const { id, scope, group, effect, columns = null } = record
  const applied = rule.applied.includes(record)
  const condition = applied ? effectOf(record, rule.principal) : null
  return { id, scope, group, effect, applied, why: reasonOf(record, { applied, rule }), condition, columns }
}

function reasonOf(
  { scope }: PermissionRecord,
  { applied, rule }: { applied: boolean; rule: PersonalRule },
): RecordReason {
  if (rule.because === 'staging_builder') return 'exempt'
  if (scope === 'USER_GROUP') return applied ? 'member' : 'other_group'
  if (scope === 'DEFAULT') return applied ? 'fallback' : 'fallback_unused'
  return 'everybody'
}
