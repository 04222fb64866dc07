import type { Guarded, Plan, Planned, Query } from '../pipeline/index.ts'
import { mapDomainSteps } from '../pipeline/index.ts'
import type { Sources } from './sources.ts'

/** Where the rule of a domain is put on its rows: by the engine that has them, or on the workbench after they were fetched. */
export interface Enforcement {
  readonly where: 'pushed' | 'after-fetch'
  readonly engine: string
}

export type Places = Pick<Sources, 'placeOf' | 'kindOf'>

const workbench = 'workbench'

/** By domain, for each that the plan reads. */
export function enforcementsOf(
  { plan, natives }: Planned<Guarded<Query>>,
  places: Places,
): ReadonlyMap<string, Enforcement> {
  const { placeOf, kindOf } = places
  const found = new Map<string, Enforcement>()

  function note(part: Plan): void {
    if (part.kind === 'bench') noteBench(part)
    else if (part.kind === 'fetch') noteFetch(part)
    else {
      note(part.input)
      if (part.kind === 'stages') for (const other of part.others.values()) note(other)
    }
  }

  function noteFetch({ engine, query }: Extract<Plan, { kind: 'fetch' }>): void {
    mapDomainSteps(query.pipeline, (step) => {
      const domain = natives.get(step.domain)?.domain ?? step.domain
      if (placeOf(domain).capabilities.filter) found.set(domain, { where: 'pushed', engine: kindOf(engine) })
      return step
    })
  }

  function noteBench({ tables, query }: Extract<Plan, { kind: 'bench' }>): void {
    for (const table of tables.values()) note(table)
    mapDomainSteps(query.pipeline, (step) => {
      const table = tables.get(step.domain)
      const whole = table && fetchedWhole(table, natives, places)
      if (whole !== undefined) found.set(whole, { where: 'after-fetch', engine: workbench })
      else if (step.of) found.set(step.domain, { where: 'after-fetch', engine: workbench })
      else if (!table) found.set(step.domain, { where: 'pushed', engine: kindOf(placeOf(step.domain).id) })
      return step
    })
  }

  note(plan)
  return found
}

/** The domain whose rows a part of a plan fetches, all of them, because their source cannot filter; undefined for other parts. */
export function fetchedWhole(part: Plan, natives: Planned['natives'], { placeOf }: Places): string | undefined {
  if (part.kind !== 'fetch') return undefined
  const [{ domain: name }] = part.query.pipeline
  const domain = natives.get(name)?.domain ?? name
  return placeOf(domain).capabilities.filter ? undefined : domain
}
