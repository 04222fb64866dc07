import {
  type DuckDBConnection,
  type DuckDBMaterializedResult,
  type DuckDBPreparedStatement,
  StatementType,
} from '@duckdb/node-api'
import { LRUCache } from 'lru-cache'
import { Problem } from '../../base/index.ts'
import type { Bound } from '../../pipeline/index.ts'
import { bindAll } from './cells.ts'

/** Statements that a session keeps parsed. They hold no file open: DuckDB plans them anew, with their values, each time they run. */
const keptStatements = 32
/** In characters: longer ones are rare, and take more memory than their parsing is worth. */
const longestKept = 20_000

export interface Statement {
  readonly text: string
  readonly values: readonly Bound[]
}

/** The prepared statements of one connection. */
export interface Statements {
  /** The caller destroys it. Errors: `internal` for what is not one `SELECT` where only that may run. */
  prepare(text: string): Promise<DuckDBPreparedStatement>
  /** Afterwards it is kept, unless it failed. */
  run(statement: Statement): Promise<DuckDBMaterializedResult>
  clear(): void
}

export function createStatements(connection: DuckDBConnection, selectOnly: boolean): Statements {
  const kept = new LRUCache<string, DuckDBPreparedStatement>({
    max: keptStatements,
    dispose: (prepared) => prepared.destroySync(),
  })

  async function prepare(text: string): Promise<DuckDBPreparedStatement> {
    const prepared = await connection.prepare(text)
    if (!selectOnly || prepared.statementType === StatementType.SELECT) return prepared
    prepared.destroySync()
    throw new Problem('internal', 'Only a SELECT may read the rows.')
  }

  return {
    prepare,
    clear: () => kept.clear(),
    run: async ({ text, values }) => {
      const prepared = kept.get(text) ?? (await prepare(text))
      try {
        bindAll(prepared, values)
        const result = await prepared.run()
        if (selectOnly && text.length <= longestKept) kept.set(text, prepared)
        else prepared.destroySync()
        return result
      } catch (error) {
        if (!kept.delete(text)) prepared.destroySync()
        throw error
      }
    },
  }
}
