import type {
  AttributeValue,
  ColumnRule,
  ConsideredRecord,
  DomainExplanation,
  Explanation,
  PersonalRule,
  RuleCondition,
} from './api/types.ts'
import { formatCount } from './format.ts'

const operators: Readonly<Record<string, string>> = {
  eq: 'is',
  ne: 'is not',
  lt: '<',
  le: '≤',
  gt: '>',
  ge: '≥',
  in: 'is one of',
  nin: 'is none of',
  matches: 'matches',
  notmatches: 'does not match',
  isnull: 'has no value',
  notnull: 'has a value',
}

/** The rows that a condition lets through: `rows where State is "Texas"`. */
export function rowsWords(condition: RuleCondition): string {
  if ('always' in condition) return condition.always ? 'all rows' : 'no row'
  return `rows where ${conditionWords(condition)}`
}

function conditionWords(condition: RuleCondition, inside = false): string {
  if ('always' in condition) return condition.always ? 'always' : 'never'
  if ('and' in condition || 'or' in condition) {
    const [members, word] = 'and' in condition ? [condition.and, ' and '] : [condition.or, ' or ']
    const text = members.map((member) => conditionWords(member, true)).join(word)
    return inside && members.length > 1 ? `(${text})` : text
  }
  const { column, operator, value } = condition
  const compared = value === undefined ? '' : ` ${valueWords(value)}`
  return `${column} ${operators[operator] ?? operator}${compared}`
}

function valueWords(value: AttributeValue): string {
  return Array.isArray(value) ? value.map((item) => JSON.stringify(item)).join(', ') : JSON.stringify(value)
}

/** Why the rule of somebody is what it is. */
export function becauseWords({ because }: PersonalRule, who: string): string {
  switch (because) {
    case 'records':
      return `Records are about ${who}:`
    case 'fallback':
      return `No record of a group or of all users is about ${who}, so the default applies:`
    case 'no_match':
      return `No record is about ${who}, so no row is seen.`
    case 'unset_allow':
      return 'The domain has no record: this instance then shows all of it.'
    case 'unset_deny':
      return 'The domain has no record: this instance then shows nothing of it.'
    case 'staging_builder':
      return 'Builders see all rows of staging.'
  }
}

/** What a record is about, and what it shows where it applies. */
export function recordWords({ scope, group, condition }: ConsideredRecord): string {
  const whom = scope === 'USER_GROUP' ? `Group ${group}` : scope === 'DEFAULT' ? 'Default' : 'All users'
  return condition === null ? whom : `${whom}: ${rowsWords(condition)}`
}

/** Why a record does not apply; empty for one that does. */
export function unusedWords({ why, applied }: ConsideredRecord, who: string): string {
  if (applied) return ''
  if (why === 'other_group') return `${who} ${who === 'you' ? 'are' : 'is'} not in it`
  return why === 'fallback_unused' ? 'only used when no other record applies' : 'not looked at for builders in staging'
}

/** The columns that are kept back; empty when none are. */
export function columnWords(columns: ColumnRule | null): string {
  const hidden = columns?.hide ?? []
  const masked = Object.keys(columns?.mask ?? {})
  return [
    ...(hidden.length > 0 ? [`Hidden: ${hidden.join(', ')}.`] : []),
    ...(masked.length > 0 ? [`Masked: ${masked.join(', ')}.`] : []),
  ].join(' ')
}

/** Where the rule was put on the rows, and what it took away as far as that is known. */
export function enforcedWords({ enforced, rows_dropped }: DomainExplanation): string {
  if (enforced === null) return ''
  if (enforced.where === 'pushed') return `Put into the query of ${enforced.engine}: other rows were never read.`
  const dropped = rows_dropped === null ? '' : ` It took ${formatCount(rows_dropped)} of them away.`
  return `Put on the rows after they were fetched.${dropped}`
}

/** What the cache did. */
export function cacheWords({ state, age_ms, ttl_ms }: Explanation['cache']): string {
  const age = age_ms === undefined ? '' : `, ${duration(age_ms)} old`
  const kept = ttl_ms === undefined || ttl_ms === 0 ? '' : ` Answers are kept for ${duration(ttl_ms)}.`
  switch (state) {
    case 'hit':
      return `From the cache${age}.${kept}`
    case 'stale':
      return `From the cache${age}, and being read again.${kept}`
    case 'miss':
      return `Read for this page.${kept}`
    case 'bypass':
      return 'Read for this page, past the cache.'
  }
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}
