import { type Condition, type Guarded, mapDomainSteps, type Pipeline, type Query } from '../../src/pipeline/index.ts'

/**
 * A query as the guard hands it on, for suites of what comes after it: every `domain` step at any depth has a rule, the one of its
 * domain in `rules` or else `always`. Only tests may do this; in the program `access/guard.ts` is the one place.
 */
export function guardedForTest(pipeline: Pipeline, rules: ReadonlyMap<string, Condition> = new Map()): Guarded<Query> {
  const withRules = mapDomainSteps(pipeline, (step) => ({ ...step, rule: rules.get(step.domain) ?? { always: true } }))
  return { pipeline: withRules } as Query as Guarded<Query>
}
