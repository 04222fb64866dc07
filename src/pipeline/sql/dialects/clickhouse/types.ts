import type { ColumnType } from '../../../values.ts'
import { type Sql, sql } from '../../fragment.ts'

/**
 * An integer has 128 bits inside of a query: no operation of two 64 bit integers overflows it, and it is kin to the unsigned integers that
 * `count` and `row_number` give, with which a signed one of 64 bits has no common type.
 */
export const clickhouseTypes: { readonly [T in ColumnType]: string } = {
  integer: 'Int128',
  number: 'Float64',
  text: 'String',
  boolean: 'Bool',
  date: "DateTime64(3, 'UTC')",
}

export function castTo(value: Sql, type: ColumnType): Sql {
  return sql`CAST(${value} AS ${{ texts: [`Nullable(${clickhouseTypes[type]})`], values: [] }})`
}

/** An integer of any size, null where it does not fit into 64 bits. */
export function narrow(value: Sql): Sql {
  return castTo(sql`accurateCastOrNull(${value}, 'Int64')`, 'integer')
}

/** A double, null where it is infinite or not a number. */
export function finite(value: Sql): Sql {
  return sql`ifNotFinite(${value}, CAST(NULL AS Nullable(Float64)))`
}

/** An expression that reads a value more than once, under the name that a lambda gives to it. */
export function withNamed(name: 'g' | 'm', value: Sql, expression: Sql): Sql {
  const names = { g: sql`g`, m: sql`m` }
  return sql`arrayMap(${names[name]} -> ${expression}, [${value}])[1]`
}
