import { orderKeys, ref } from './context.ts'
import type { SqlDialect } from './dialect.ts'
import { joinSql, type Sql, sql } from './fragment.ts'
import type { OrderKey } from './relation.ts'

interface Window {
  /** Null is a group like any other. */
  readonly by?: readonly { readonly id: string }[]
  readonly order?: readonly OrderKey[]
  readonly frame?: Sql
}

/** What stands in `OVER (…)`. */
export function windowSql({ by = [], order = [], frame }: Window, dialect: SqlDialect): Sql {
  const parts = [
    ...(by.length > 0 ? [sql`PARTITION BY ${joinSql(by.map(ref), ', ')}`] : []),
    ...(order.length > 0 ? [sql`ORDER BY ${orderKeys(order, dialect)}`] : []),
    ...(frame ? [frame] : []),
  ]
  return joinSql(parts, ' ')
}

/** The frame from the first row of the window to the current one. */
export const allRowsSoFar: Sql = sql`ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW`
