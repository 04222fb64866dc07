import { domainsOf, mapDomainSteps, parsePipeline, type Query, renderPipeline } from '../../src/pipeline/index.ts'
import type { ConformanceCase } from './load-cases.ts'
import type { Table } from './table.ts'

/** When the fixtures were written to run. */
export const fixtureNow = new Date('2022-10-17T17:30:12.000Z')

/** The variables that every fixture may use. */
const variables = {
  TODAY: fixtureNow,
  ONE: 1,
  ONE_POINT_ONE: 1.1,
  TRUE: true,
  INTEGER_LIST: [1, 2, 3],
  VOID: '__VOID__',
}

/** The fixture's pipeline after all passes, as someone who may see every row asks it. Errors: `pipeline_invalid`. */
export function queryOf({ pipeline }: ConformanceCase): Query {
  const rendered = renderPipeline(parsePipeline(pipeline, {}), variables, fixtureNow)
  return { pipeline: mapDomainSteps(rendered, (step) => ({ ...step, rule: { always: true } })) }
}

/** The tables that a query reads, by domain. Errors: the fixture has no such table. */
export function tablesOf({ domains }: ConformanceCase, { pipeline }: Query): [string, Table][] {
  return domainsOf(pipeline).map(({ domain }) => {
    const table = domains.get(domain)
    if (!table) throw new Error(`the fixture has no table "${domain}"`)
    return [domain, table]
  })
}
