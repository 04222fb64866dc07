import type { ColumnType } from '../../../values.ts'
import { double, type Sql, sql } from '../../fragment.ts'

export const types: { readonly [T in ColumnType]: string } = {
  integer: 'BIGINT',
  number: 'DOUBLE',
  text: 'STRING',
  boolean: 'BOOLEAN',
  date: 'TIMESTAMP',
}

export function castTo(value: Sql, type: ColumnType): Sql {
  return sql`CAST(${value} AS ${{ texts: [types[type]], values: [] }})`
}

export function asDouble(value: Sql): Sql {
  return sql`CAST(${value} AS DOUBLE)`
}

/** `textOf` of the dialect. */
export function textOf(value: Sql, type: ColumnType): Sql {
  switch (type) {
    case 'text':
      return value
    case 'number':
      return numberText(value)
    case 'date':
      return dateText(value)
    case 'integer':
    case 'boolean':
      return sql`CAST(${value} AS STRING)`
  }
}

/** The server writes `1.0E10` for what has ten digits before its point, and `1.0` for 1. */
function numberText(value: Sql): Sql {
  const text = sql`CAST(${value} AS STRING)`
  const size = sql`abs(${value})`
  const shortened = (decimal: Sql): Sql =>
    sql`regexp_replace(CAST(CAST(${text} AS ${decimal}) AS STRING), '[.]?0+$', '')`
  const exponent = (sign: Sql): Sql => sql`replace(replace(${text}, '.0E', 'E'), 'E', ${sign})`
  return sql`CASE
WHEN ${size} < 1e15 AND ${value} = floor(${value}) THEN CAST(CAST(${value} AS BIGINT) AS STRING)
WHEN ${size} < 1e-6 THEN ${exponent(sql`'e'`)}
WHEN ${size} < 1e15 THEN ${shortened(sql`DECIMAL(38, 22)`)}
WHEN ${size} < 1e21 THEN ${shortened(sql`DECIMAL(38, 10)`)}
WHEN ${size} <= ${double(Number.MAX_VALUE)} THEN ${exponent(sql`'e+'`)}
END`
}

function dateText(value: Sql): Sql {
  const digits = sql`CAST(abs(year(${value})) AS STRING)`
  const year = sql`lpad(${digits}, greatest(4, length(${digits})), '0')`
  const day = sql`concat(CASE WHEN year(${value}) < 0 THEN '-' ELSE '' END, ${year}, date_format(${value}, '-MM-dd'))`
  const at = (unit: Sql): Sql => sql`${value} = date_trunc(${unit}, ${value})`
  return sql`concat(${day}, CASE WHEN ${at(sql`'DAY'`)} THEN '' WHEN ${at(sql`'SECOND'`)} THEN date_format(${value}, ' HH:mm:ss') ELSE date_format(${value}, ' HH:mm:ss.SSS') END)`
}
