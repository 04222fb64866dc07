import type { ColumnType } from '../../../values.ts'
import { type Sql, sql } from '../../fragment.ts'

/**
 * A text compared by code points, trailing spaces included. The collation that does so has one name in MariaDB and another in MySQL;
 * each server reads the comment that is for it.
 */
export function exactText(value: Sql): Sql {
  return sql`CONVERT(${value} USING utf8mb4) COLLATE /*M!100200 utf8mb4_nopad_bin *//*!80017 utf8mb4_0900_bin */`
}

/** `textOf` of the dialect. */
export function textOf(value: Sql, type: ColumnType): Sql {
  switch (type) {
    case 'text':
      return value
    case 'integer':
      return exactText(value)
    case 'boolean':
      return exactText(sql`CASE WHEN ${value} THEN 'true' WHEN NOT ${value} THEN 'false' END`)
    case 'number':
      return exactText(numberText(value))
    case 'date':
      return exactText(dateText(value))
  }
}

/** JSON writes an exponent below 1e-6 and from 1e21 on; the server where that is shorter. */
function numberText(value: Sql): Sql {
  const text = sql`CAST(${value} AS CHAR(40))`
  const isWhole = sql`${value} = truncate(${value}, 0) AND abs(${value}) < 1e15`
  const fraction = sql`substring_index(${text}, '.', -1)`
  const digits = sql`trim(LEADING '0' FROM ${fraction})`
  const sign = sql`CASE WHEN ${value} < 0 THEN '-' ELSE '' END`
  const point = sql`CASE WHEN length(${digits}) > 1 THEN '.' ELSE '' END`
  const exponent = sql`length(${fraction}) - length(${digits}) + 1`
  const small = sql`concat(${sign}, left(${digits}, 1), ${point}, substr(${digits}, 2), 'e-', ${exponent})`
  return sql`CASE
WHEN ${isWhole} THEN CAST(CAST(${value} AS SIGNED) AS CHAR)
WHEN abs(${value}) >= 1e21 THEN replace(${text}, 'e', 'e+')
WHEN abs(${value}) >= 1e15 THEN CAST(CAST(${text} AS DECIMAL(65)) AS CHAR)
WHEN abs(${value}) >= 1e-6 OR ${text} LIKE '%e%' THEN ${text}
ELSE ${small}
END`
}

function dateText(value: Sql): Sql {
  return sql`CASE
WHEN time(${value}) = 0 THEN date_format(${value}, '%Y-%m-%d')
WHEN microsecond(${value}) = 0 THEN date_format(${value}, '%Y-%m-%d %H:%i:%s')
ELSE left(date_format(${value}, '%Y-%m-%d %H:%i:%s.%f'), 23)
END`
}
