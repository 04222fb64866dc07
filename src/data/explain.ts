import { type AppCtx, explainRule, planGuarded, privilegeOn, type RuleExplanation } from '../access/index.ts'
import type { ColumnRule } from '../pipeline/index.ts'
import type { CacheState, Timings } from './cache/wanted.ts'
import { type Enforcement, enforcementsOf } from './enforcement.ts'
import type { Prepared } from './prepare.ts'

/** How an answer came about. Who does not build the app is told no more than `ViewerExplanation`. In the form that clients get. */
export type Explanation = ViewerExplanation | BuilderExplanation

export interface ViewerExplanation {
  /** Whether rules limited the rows or columns of at least one domain. */
  readonly restricted: boolean
  readonly cache: { readonly state: CacheState }
}

export interface BuilderExplanation {
  readonly restricted: boolean
  readonly domains: readonly DomainExplanation[]
  /** Names all rules together: equal rights, equal fingerprints. */
  readonly fingerprint: string
  readonly data_version: string
  readonly cache: CacheExplanation
  readonly timings_ms: Timings
}

export interface CacheExplanation {
  readonly state: CacheState
  /** Names the place of the answer: equal keys share one. */
  readonly key: string
  readonly age_ms: number
  /** How long the answer may be served; 0 when it is not kept. */
  readonly ttl_ms: number
}

export interface DomainExplanation {
  readonly domain: string
  /** That of whom was looked as, where somebody was, and that of whoever asked. */
  readonly rules: readonly (Omit<RuleExplanation, 'kept'> & { readonly columns: ColumnRule | null })[]
  /** What was put into the query: all rules together. */
  readonly condition: unknown
  readonly columns: ColumnRule | null
  readonly enforced: Enforcement | null
  /** Rows that were fetched and then left out; null when none were fetched for this answer, or the rule was pushed. */
  readonly rows_dropped: number | null
}

export interface Explaining {
  readonly prepared: Prepared
  readonly answer: { readonly cache: CacheState; readonly ageMs: number; readonly timings: Timings }
  readonly ttlMs: number
  readonly dropped: ReadonlyMap<string, number>
}

/** Rules tell of other people's rights, and of values: only builders and administrators get them. */
export function explain({ principal, app }: Pick<AppCtx, 'principal' | 'app'>, explaining: Explaining): Explanation {
  const { prepared, answer, ttlMs } = explaining
  const { guarded } = prepared
  if (privilegeOn(principal, app) !== 'contribute') {
    return { restricted: guarded.restricted, cache: { state: answer.cache } }
  }
  return {
    restricted: guarded.restricted,
    domains: explainDomains(explaining),
    fingerprint: guarded.fingerprint,
    data_version: prepared.dataVersion,
    cache: { state: answer.cache, key: keyName(prepared.key), age_ms: answer.ageMs, ttl_ms: Math.max(0, ttlMs) },
    timings_ms: rounded(answer.timings),
  }
}

/** The text of an explanation, for a client: dates are ISO 8601, integers that JSON numbers cannot hold are texts. */
export function explanationText(explanation: Explanation): string {
  return JSON.stringify(explanation, (_, value: unknown) => {
    if (typeof value !== 'bigint') return value
    return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  })
}

function explainDomains({ prepared, dropped }: Explaining): DomainExplanation[] {
  const { guarded, sources, context } = prepared
  const enforced = enforcementsOf(planGuarded(guarded.query, sources.placeOf), sources)
  return [...guarded.rules].map(([domain, { rule, kept }]) => ({
    domain,
    rules: explainRule(context.records(domain), context).map(({ kept: own, ...about }) => ({
      ...about,
      columns: own ?? null,
    })),
    condition: rule,
    columns: kept ?? null,
    enforced: enforced.get(domain) ?? null,
    rows_dropped: dropped.get(domain) ?? null,
  }))
}

/** Enough of the hash to tell two keys apart. */
function keyName(key: string): string {
  return key.slice(key.lastIndexOf(':') + 1).slice(0, 16)
}

function rounded(timings: Timings): Timings {
  return Object.fromEntries(Object.entries(timings).map(([phase, ms]) => [phase, Math.round(ms * 10) / 10]))
}
