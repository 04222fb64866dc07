import { canonicalJson, sha256 } from '../base/index.ts'
import {
  domainsOf,
  type Fingerprint,
  type Guarded,
  mapDomainSteps,
  type PlaceOf,
  type Planned,
  planQuery,
  type Query,
} from '../pipeline/index.ts'
import type { PermissionRecord } from './permission-record.ts'
import { type DomainRule, domainRule, type RuleContext } from './row-rule.ts'

export interface GuardContext extends RuleContext {
  /** The permission records of a domain at the stage that is read. */
  readonly records: (domain: string) => readonly PermissionRecord[]
}

export interface GuardResult<Q> {
  readonly query: Guarded<Q>
  readonly fingerprint: Fingerprint
  /** Whether a rule limits the rows or columns of at least one domain of the query. */
  readonly restricted: boolean
  /** What was decided, by domain. */
  readonly rules: ReadonlyMap<string, DomainRule>
}

/**
 * Puts the principal's rule on every domain that the query reads, at any depth: the root, each nested pipeline, each derived domain and
 * the domains that it is made of. Always the last pass before compiling. Everything that gives out rows needs a `Guarded` query, and this
 * is the only place that makes one.
 */
export function guard(query: Query, context: GuardContext): GuardResult<Query> {
  const rules = new Map<string, DomainRule>()
  for (const { domain } of domainsOf(query.pipeline)) rules.set(domain, domainRule(context.records(domain), context))
  const pipeline = mapDomainSteps(query.pipeline, (step) => {
    const { rule, kept } = rules.get(step.domain) ?? nothingAtAll
    return kept ? { ...step, rule, kept } : { ...step, rule }
  })
  const limiting = [...rules].filter(([, { rule, kept }]) => kept || !('always' in rule && rule.always))
  return {
    query: { ...query, pipeline } as Guarded<Query>,
    fingerprint: fingerprintOf(limiting),
    restricted: limiting.length > 0,
    rules,
  }
}

const nothingAtAll: DomainRule = { rule: { always: false }, kept: undefined, applied: [], because: 'no_match' }

/** Rules that show everything leave no trace: who may see all rows has the fingerprint of "no filter". */
function fingerprintOf(rules: readonly (readonly [string, DomainRule])[]): Fingerprint {
  const said = rules.map(([domain, { rule, kept }]) => [domain, rule, kept ?? null] as const)
  return sha256(canonicalJson(said.sort(([a], [b]) => (a < b ? -1 : 1)))).slice(0, 32)
}

/**
 * What of a guarded query each engine runs. The parts are of the query that passed the guard: each reads domains with the rules that were
 * put on them, or what another part gave.
 */
export function planGuarded(query: Guarded<Query>, placeOf: PlaceOf): Planned<Guarded<Query>> {
  return planQuery(query, placeOf) as Planned<Guarded<Query>>
}

/**
 * What a guarded query reads, domain by domain and by the names that it has for them, with the rules that were put there: to count what
 * they leave.
 */
export function readsOf(query: Guarded<Query>): ReadonlyMap<string, Guarded<Query>> {
  const reads = new Map<string, Guarded<Query>>()
  mapDomainSteps(query.pipeline, (step) => {
    reads.set(step.domain, { pipeline: [step] } as Query as Guarded<Query>)
    return step
  })
  return reads
}
