import type { ColumnType } from '../../../values.ts'
import { type Sql, sql } from '../../fragment.ts'

/** The types that parameters have, and columns inside of a query. A date is a DATETIME, which is in UTC. */
export const bigqueryTypes: { readonly [T in ColumnType]: string } = {
  integer: 'INT64',
  number: 'FLOAT64',
  text: 'STRING',
  boolean: 'BOOL',
  date: 'DATETIME',
}

export function castTo(value: Sql, type: ColumnType): Sql {
  return sql`CAST(${value} AS ${{ texts: [bigqueryTypes[type]], values: [] }})`
}
