import type { ColumnType } from '../../../values.ts'
import { type Sql, sql } from '../../fragment.ts'

export const types: { readonly [T in ColumnType]: string } = {
  integer: 'NUMBER(38, 0)',
  number: 'FLOAT',
  text: 'VARCHAR',
  boolean: 'BOOLEAN',
  date: 'TIMESTAMP_NTZ(3)',
}

export function castTo(value: Sql, type: ColumnType): Sql {
  return sql`CAST(${value} AS ${{ texts: [types[type]], values: [] }})`
}
