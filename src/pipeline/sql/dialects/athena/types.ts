import type { ColumnType } from '../../../values.ts'
import { type Sql, sql } from '../../fragment.ts'

export const athenaTypes: { readonly [T in ColumnType]: string } = {
  integer: 'bigint',
  number: 'double',
  text: 'varchar',
  boolean: 'boolean',
  date: 'timestamp(3)',
}

export function castTo(value: Sql, type: ColumnType): Sql {
  return sql`CAST(${value} AS ${{ texts: [athenaTypes[type]], values: [] }})`
}
