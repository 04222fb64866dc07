import { orderKeys, ref } from './context.ts'
import type { SqlDialect } from './dialect.ts'
import { joinSql, type Sql, sql } from './fragment.ts'
import type { OrderKey, SqlColumn } from './relation.ts'

interface Window {
  /** Null is a group like any other. */
  readonly by?: readonly SqlColumn[]
  readonly order?: readonly OrderKey[]
  readonly frame?: Sql
}

/** What stands in `OVER (…)`. */
export function windowSql({ by = [], order = [], frame }: Window, dialect: SqlDialect): Sql {
  const parts = [
    ...(by.length > 0 ? [sql`PARTITION BY ${partitionKeys(by, dialect)}`] : []),
    ...(order.length > 0 ? [sql`ORDER BY ${orderKeys(order, dialect)}`] : []),
    ...(frame ? [frame] : []),
  ]
  return joinSql(parts, ' ')
}

/** The frame from the first row of the window to the current one. */
export const allRowsSoFar: Sql = sql`ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW`

/** What stands behind PARTITION BY. */
export function partitionKeys(columns: readonly SqlColumn[], dialect: SqlDialect): Sql {
  const keys = columns.map((column) => dialect.partitionKey?.(ref(column), column.type) ?? ref(column))
  return joinSql(keys, ', ')
}
