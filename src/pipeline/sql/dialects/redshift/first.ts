import type { ColumnType } from '../../../values.ts'
import type { SqlDialect } from '../../dialect.ts'
import { identifier, type Sql, sql } from '../../fragment.ts'
import { instantOf, millisecondsOf } from './dates.ts'
import { asDouble, constant } from './doubles.ts'

/**
 * There is no ordered aggregate for this: the values are compared as texts with the numbers of their rows before them, in which nothing
 * of them is lost.
 */
export function first(value: Sql, type: ColumnType, { keys, backwards }: Parameters<SqlDialect['first']>[2]): Sql {
  const [key] = keys
  if (!key) return type === 'boolean' ? sql`bool_and(${value})` : sql`min(${value})`
  const place = sql`lpad(CAST(${identifier(key.id)} AS varchar), 20, '0')`
  const numbered = sql`CASE WHEN ${value} IS NOT NULL THEN ${place} || ${written(value, type)} END`
  const found = key.descending === backwards ? sql`min(${numbered})` : sql`max(${numbered})`
  return readBack(sql`substr(${found}, 21)`, type)
}

function written(value: Sql, type: ColumnType): Sql {
  switch (type) {
    case 'text':
      return value
    case 'integer':
      return sql`CAST(${value} AS varchar)`
    case 'boolean':
      return sql`CASE WHEN ${value} THEN '1' ELSE '0' END`
    case 'date':
      return sql`CAST(${millisecondsOf(value)} AS varchar)`
    case 'number': {
      // A text of a double has 15 digits: with what they leave over behind it, it is exact; a quarter of it never becomes too large.
      const quarter = sql`${value} * ${constant(0.25)}`
      const rest = sql`${quarter} - ${asDouble(sql`CAST(${quarter} AS varchar)`)}`
      return sql`CAST(${quarter} AS varchar) || '|' || CAST(${rest} AS varchar)`
    }
  }
}

function readBack(text: Sql, type: ColumnType): Sql {
  switch (type) {
    case 'text':
      return text
    case 'integer':
      return sql`CAST(${text} AS bigint)`
    case 'boolean':
      return sql`(${text} = '1')`
    case 'date':
      return instantOf(sql`CAST(${text} AS bigint)`)
    case 'number': {
      const part = (n: Sql): Sql => asDouble(sql`split_part(${text}, '|', ${n})`)
      return sql`((${part(sql`1`)} + ${part(sql`2`)}) * 4)`
    }
  }
}
