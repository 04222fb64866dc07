import { Problem } from '../../base/index.ts'
import {
  type CompiledSql,
  compileSql,
  postgresDialect,
  type Query,
  type SqlOptions,
  type SqlSource,
  settleQuery,
  sourcesOf,
  type Value,
} from '../../pipeline/index.ts'
import { readCell } from './cells.ts'
import { plainRow } from './json-rows.ts'
import type { PostgresSource } from './schema.ts'
import { describeSource, render } from './sources.ts'
import type { Transaction } from './transaction.ts'

interface Surroundings {
  readonly sources: ReadonlyMap<string, PostgresSource>
  readonly transaction: Transaction
  readonly now: Date
}

/** A query as SQL for the columns that its sources have now; its pivots are settled in the same transaction that will run it. */
export async function compileFor(query: Query, surroundings: Surroundings): Promise<CompiledSql> {
  const { transaction } = surroundings
  const options = await optionsFor(query, surroundings)
  const settled = await settleQuery(query, async (question, most) => {
    const { rows, columns } = compileSql(question, options)
    const type = columns[0]?.type ?? 'text'
    const answer: Value[] = []
    const statement = render(rows({ offset: 0, limit: most }, plainRow))
    await transaction.run(statement, ([cell = null]) => answer.push(readCell(cell, type)))
    return answer
  })
  return compileSql(settled, options)
}

async function optionsFor(query: Query, { sources, transaction, now }: Surroundings): Promise<SqlOptions> {
  const described = new Map<string, SqlSource>()
  for (const domain of sourcesOf(query.pipeline)) {
    const source = sources.get(domain)
    if (!source) throw new Problem('internal', 'A query on a connection names a domain that is not there.')
    described.set(domain, await describeSource(source, transaction))
  }
  const source = (domain: string): SqlSource => {
    const found = described.get(domain)
    if (!found) throw new Problem('internal', 'A domain was compiled that the query does not name.')
    return found
  }
  return { source, dialect: postgresDialect, now }
}
