import type { ColumnType } from '../../../values.ts'
import { bind, type Sql, sql } from '../../fragment.ts'

/** What a text has room for, unless a server is set up for more. */
export const mostBytes = 4000

/** `textOf` of the dialect. */
export function textOf(value: Sql, type: ColumnType): Sql {
  switch (type) {
    case 'text':
      return value
    case 'integer':
      return sql`TO_CHAR(${value})`
    case 'boolean':
      return sql`CASE ${value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END`
    case 'number':
      return numberText(value)
    case 'date':
      return dateText(value)
  }
}

/** With the fewest digits, from 15 on, that say the same number, and an exponent below 1e-6 and from 1e21 on. */
function numberText(value: Sql): Sql {
  const [short, middle, long] = [
    sql`TRIM(TO_CHAR(${value}, '9.99999999999999EEEE'))`,
    sql`TRIM(TO_CHAR(${value}, '9.999999999999999EEEE'))`,
    sql`TRIM(TO_CHAR(${value}, '9.9999999999999999EEEE'))`,
  ]
  const says = (text: Sql): Sql => sql`TO_BINARY_DOUBLE(${text}) = ${value}`
  const text = sql`CASE WHEN ${says(short)} THEN ${short} WHEN ${says(middle)} THEN ${middle} ELSE ${long} END`
  const plain = sql`REGEXP_REPLACE(TO_CHAR(TO_NUMBER(${text})), '^(-?)[.]', '\\10.')`
  const scientific = sql`REGEXP_REPLACE(${text}, '[.]?0*E([+-])0*', 'e\\1')`
  return sql`CASE WHEN ${value} = 0 THEN '0' WHEN abs(${value}) >= 1e-6d AND abs(${value}) < 1e21d THEN ${plain} WHEN ${value} IS NOT NULL THEN ${scientific} END`
}

function dateText(value: Sql): Sql {
  const isMidnight = sql`${value} = TRUNC(${value}, 'DD')`
  const isWhole = sql`MOD(EXTRACT(SECOND FROM ${value}), 1) = 0`
  const written = (format: Sql): Sql => sql`TO_CHAR(${value}, ${format})`
  return sql`CASE WHEN ${isMidnight} THEN ${written(sql`'YYYY-MM-DD'`)} WHEN ${isWhole} THEN ${written(sql`'YYYY-MM-DD HH24:MI:SS'`)} ELSE ${written(sql`'YYYY-MM-DD HH24:MI:SS.FF3'`)} END`
}

export function trimmed(text: Sql, characters: string): Sql {
  const set = bind(characters, 'text')
  return sql`RTRIM(LTRIM(${text}, ${set}), ${set})`
}
