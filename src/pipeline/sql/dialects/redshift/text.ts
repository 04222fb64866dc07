import type { ColumnType } from '../../../values.ts'
import { type Sql, sql } from '../../fragment.ts'
import { constant } from './doubles.ts'

/** `textOf` of the dialect. */
export function textOf(value: Sql, type: ColumnType): Sql {
  switch (type) {
    case 'text':
      return value
    case 'integer':
      return sql`CAST(${value} AS varchar)`
    case 'boolean':
      return sql`CASE WHEN ${value} THEN 'true' WHEN NOT ${value} THEN 'false' END`
    case 'number':
      return numberText(value)
    case 'date':
      return dateText(value)
  }
}

/** The server writes exponents sooner than JSON, with two digits at least. */
function numberText(value: Sql): Sql {
  const text = sql`CAST(${value} AS varchar)`
  const size = sql`abs(${value})`
  const small = sql`rtrim(rtrim(CAST(CAST(${value} AS numeric(38, 20)) AS varchar), '0'), '.')`
  return sql`CASE
WHEN ${size} < ${constant(1e15)} AND ${value} = trunc(${value}) THEN CAST(CAST(${value} AS bigint) AS varchar)
WHEN ${size} >= ${constant(1e15)} AND ${size} < ${constant(1e21)} THEN CAST(CAST(${value} AS numeric(38, 0)) AS varchar)
WHEN ${size} >= ${constant(1e-6)} AND ${size} < ${constant(1e-3)} THEN ${small}
ELSE replace(${text}, 'e-0', 'e-')
END`
}

function dateText(value: Sql): Sql {
  const at = (unit: Sql): Sql => sql`${value} = date_trunc(${unit}, ${value})`
  return sql`CASE WHEN ${at(sql`'day'`)} THEN to_char(${value}, 'YYYY-MM-DD') WHEN ${at(sql`'second'`)} THEN to_char(${value}, 'YYYY-MM-DD HH24:MI:SS') ELSE to_char(${value}, 'YYYY-MM-DD HH24:MI:SS.MS') END`
}
