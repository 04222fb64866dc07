import type { ColumnType } from '../../../values.ts'
import { type Sql, sql } from '../../fragment.ts'

/** `textOf` of the dialect. */
export function textOf(value: Sql, type: ColumnType): Sql {
  switch (type) {
    case 'text':
      return value
    case 'number':
      return exact(numberText(value))
    case 'date':
      return exact(dateText(value))
    case 'integer':
    case 'boolean':
      return exact(sql`CAST(${value} AS text)`)
  }
}

/** A text that has just been made, in the collation that all have. */
function exact(text: Sql): Sql {
  return sql`(${text}) COLLATE "C"`
}

/** The server writes exponents sooner than JSON, with two digits at least. */
function numberText(value: Sql): Sql {
  const text = sql`CAST(${value} AS text)`
  const isWhole = sql`${value} = trunc(${value}) AND abs(${value}) < 1e15`
  const plain = sql`CAST(CAST(${text} AS numeric) AS text)`
  return sql`CASE WHEN ${isWhole} THEN CAST(CAST(${value} AS bigint) AS text) WHEN abs(${value}) >= 1e-6 AND abs(${value}) < 1e21 THEN ${plain} ELSE replace(${text}, 'e-0', 'e-') END`
}

function dateText(value: Sql): Sql {
  const at = (unit: Sql): Sql => sql`${value} = date_trunc(${unit}, ${value})`
  return sql`CASE WHEN ${at(sql`'day'`)} THEN to_char(${value}, 'YYYY-MM-DD') WHEN ${at(sql`'second'`)} THEN to_char(${value}, 'YYYY-MM-DD HH24:MI:SS') ELSE to_char(${value}, 'YYYY-MM-DD HH24:MI:SS.MS') END`
}
