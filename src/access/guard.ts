import { canonicalJson, sha256 } from '../base/index.ts'
import {
  type Condition,
  domainsOf,
  type Fingerprint,
  type Guarded,
  mapDomainSteps,
  type Query,
} from '../pipeline/index.ts'
import type { PermissionRecord } from './permission-record.ts'
import { type RuleContext, rowRule } from './row-rule.ts'

export interface GuardContext extends RuleContext {
  /** The permission records of a domain at the stage that is read. */
  readonly records: (domain: string) => readonly PermissionRecord[]
}

export interface GuardResult<Q> {
  readonly query: Guarded<Q>
  readonly fingerprint: Fingerprint
  /** Whether a rule limits the rows of at least one domain of the query. */
  readonly restricted: boolean
}

/**
 * Puts the principal's row rule on every domain that the query reads, at any depth: the root and each nested pipeline. Always the
 * last pass before compiling. Everything that gives out rows needs a `Guarded` query, and this is the only place that makes one.
 */
export function guard(query: Query, context: GuardContext): GuardResult<Query> {
  const rules = new Map<string, Condition>()
  for (const { domain } of domainsOf(query.pipeline)) rules.set(domain, rowRule(context.records(domain), context))
  const pipeline = mapDomainSteps(query.pipeline, (step) => ({
    ...step,
    rule: rules.get(step.domain) ?? { always: false },
  }))
  const limiting = [...rules].filter(([, rule]) => !('always' in rule && rule.always))
  return {
    query: { ...query, pipeline } as Guarded<Query>,
    fingerprint: fingerprintOf(limiting),
    restricted: limiting.length > 0,
  }
}

/** Rules that show everything leave no trace: who may see all rows has the fingerprint of "no filter". */
function fingerprintOf(rules: readonly (readonly [string, Condition])[]): Fingerprint {
  return sha256(canonicalJson([...rules].sort(([a], [b]) => (a < b ? -1 : 1)))).slice(0, 32)
}
