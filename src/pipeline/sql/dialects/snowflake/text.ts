import type { ColumnType } from '../../../values.ts'
import { type Sql, sql } from '../../fragment.ts'
import { constant } from './doubles.ts'

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
      return sql`TO_VARCHAR(${value})`
  }
}

/** The server writes exponents sooner than JSON, with two digits at least. */
function numberText(value: Sql): Sql {
  const text = sql`TO_VARCHAR(${value})`
  const size = sql`ABS(${value})`
  const plain = (scale: Sql): Sql => sql`RTRIM(RTRIM(TO_VARCHAR(TO_NUMBER(${text}, 38, ${scale})), '0'), '.')`
  return sql`CASE
WHEN ${size} < ${constant(1e15)} AND ${value} = TRUNC(${value}) THEN TO_VARCHAR(CAST(${value} AS NUMBER(38, 0)))
WHEN ${size} < ${constant(1e-6)} THEN REPLACE(${text}, 'e-0', 'e-')
WHEN ${size} < ${constant(1e15)} THEN ${plain(sql`22`)}
WHEN ${size} < ${constant(1e21)} THEN ${plain(sql`10`)}
ELSE ${text}
END`
}

function dateText(value: Sql): Sql {
  const at = (unit: Sql): Sql => sql`${value} = DATE_TRUNC(${unit}, ${value})`
  return sql`CASE WHEN ${at(sql`'day'`)} THEN TO_VARCHAR(${value}, 'YYYY-MM-DD') WHEN ${at(sql`'second'`)} THEN TO_VARCHAR(${value}, 'YYYY-MM-DD HH24:MI:SS') ELSE TO_VARCHAR(${value}, 'YYYY-MM-DD HH24:MI:SS.FF3') END`
}
