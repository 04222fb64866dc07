import { describe, expect, it } from 'vitest'
import type { ConsideredRecord, DomainExplanation, Explanation, PersonalRule, RuleCondition } from './api/types.ts'
import {
  becauseWords,
  cacheWords,
  columnWords,
  enforcedWords,
  recordWords,
  rowsWords,
  unusedWords,
} from './explain-words.ts'

const record: ConsideredRecord = {
  ...{ id: 'r', scope: 'USER_GROUP', group: 'north', applied: true, why: 'member' },
  condition: { always: true },
}
const domain: DomainExplanation = { domain: 'd', rules: [], columns: null, enforced: null, rows_dropped: null }
const state = { column: 'state', operator: 'eq', value: 'Texas' }

describe('rowsWords', () => {
  it.each<[RuleCondition, string]>([
    [{ always: true }, 'all rows'],
    [{ always: false }, 'no row'],
    [state, 'rows where state is "Texas"'],
    [{ column: 'n', operator: 'ge', value: 3 }, 'rows where n ≥ 3'],
    [{ column: 'n', operator: 'isnull' }, 'rows where n has no value'],
    [{ column: 'n', operator: 'ne', value: null }, 'rows where n is not null'],
    [{ column: 's', operator: 'in', value: ['a', 'b"'] }, 'rows where s is one of "a", "b\\""'],
    [
      { and: [state, { or: [state, { always: false }] }] },
      'rows where state is "Texas" and (state is "Texas" or never)',
    ],
    [{ column: 'n', operator: 'new', value: 1 }, 'rows where n new 1'],
  ])('%j', (condition, words) => {
    expect(rowsWords(condition)).toBe(words)
  })
})

describe('rules', () => {
  it.each([
    ['records', 'Records are about ann:'],
    ['fallback', 'No record of a group or of all users is about ann, so the default applies:'],
    ['no_match', 'No record is about ann, so no row is seen.'],
    ['unset_deny', 'The domain has no record: this instance then shows nothing of it.'],
    ['unset_allow', 'The domain has no record: this instance then shows all of it.'],
    ['staging_builder', 'Builders see all rows of staging.'],
  ] as const)('say why: %s', (because, words) => {
    const rule: PersonalRule = { username: 'ann', because, records: [], condition: { always: true } }
    expect(becauseWords(rule, 'ann')).toBe(words)
  })

  it('name what a record is about and what it shows', () => {
    expect(recordWords(record)).toBe('Group north: all rows')
    expect(recordWords({ ...record, scope: 'ALL_USERS', group: null, condition: state })).toBe(
      'All users: rows where state is "Texas"',
    )
    expect(recordWords({ ...record, scope: 'DEFAULT', group: null, condition: null })).toBe('Default')
  })

  it('say why a record does not apply', () => {
    const unused = { ...record, applied: false }
    expect(unusedWords(record, 'ann')).toBe('')
    expect(unusedWords({ ...unused, why: 'other_group' }, 'ann')).toBe('ann is not in it')
    expect(unusedWords({ ...unused, why: 'other_group' }, 'you')).toBe('you are not in it')
    expect(unusedWords({ ...unused, why: 'fallback_unused' }, 'ann')).toBe('only used when no other record applies')
    expect(unusedWords({ ...unused, why: 'exempt' }, 'ann')).toBe('not looked at for builders in staging')
  })

  it('name columns that are kept back', () => {
    expect(columnWords(null)).toBe('')
    expect(columnWords({ hide: ['a', 'b'], mask: { c: '***' } })).toBe('Hidden: a, b. Masked: c.')
  })

  it('say where they were put on the rows', () => {
    expect(enforcedWords(domain)).toBe('')
    expect(enforcedWords({ ...domain, enforced: { where: 'pushed', engine: 'duckdb' } })).toBe(
      'Put into the query of duckdb: other rows were never read.',
    )
    const after = { ...domain, enforced: { where: 'after-fetch', engine: 'workbench' } } as const
    expect(enforcedWords(after)).toBe('Put on the rows after they were fetched.')
    expect(enforcedWords({ ...after, rows_dropped: 1200 })).toBe(
      'Put on the rows after they were fetched. It took 1,200 of them away.',
    )
  })
})

describe('cacheWords', () => {
  it.each<[Explanation['cache'], string]>([
    [{ state: 'hit' }, 'From the cache.'],
    [{ state: 'hit', age_ms: 12_400, ttl_ms: 60_000 }, 'From the cache, 12 s old. Answers are kept for 60 s.'],
    [{ state: 'stale', age_ms: 600_000, ttl_ms: 0 }, 'From the cache, 10 min old, and being read again.'],
    [{ state: 'miss', age_ms: 0, ttl_ms: 86_400_000 }, 'Read for this page. Answers are kept for 24 h.'],
    [{ state: 'bypass', age_ms: 0, ttl_ms: 0 }, 'Read for this page, past the cache.'],
  ])('%j', (cache, words) => {
    expect(cacheWords(cache)).toBe(words)
  })
})
