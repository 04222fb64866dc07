import type { ColumnType } from '../../../values.ts'
import { bind, type Sql, sql } from '../../fragment.ts'

/** A text compared by its code units, case and accents included. Without a collation of its own it would get the database's. */
export function exactText(value: Sql): Sql {
  return sql`CAST(${value} AS nvarchar(max)) COLLATE Latin1_General_100_BIN2`
}

/** The same text where characters beyond 16 bits count as one. */
export function asCharacters(text: Sql): Sql {
  return sql`${text} COLLATE Latin1_General_100_CS_AS_KS_WS_SC`
}

/** The server's own length leaves out the spaces at the end. */
export function lengthOf(text: Sql): Sql {
  return sql`(LEN(${text} + N'.') - 1)`
}

/** `textOf` of the dialect. */
export function textOf(value: Sql, type: ColumnType): Sql {
  switch (type) {
    case 'text':
      return value
    case 'integer':
      return exactText(value)
    case 'boolean':
      return exactText(sql`CASE ${value} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END`)
    case 'number':
      return exactText(numberText(value))
    case 'date':
      return exactText(dateText(value))
  }
}

/**
 * With the fewest digits, from 15 on, that say the same number, and an exponent below 1e-6 and from 1e21 on. `t`: the text with an
 * exponent always, `d`: its digits without zeros at the end, `e`: the exponent of 10.
 */
function numberText(value: Sql): Sql {
  const written = sql`CROSS APPLY (SELECT FORMAT(abs(n.x), 'E14', 'en-US') AS a, CONVERT(varchar(40), abs(n.x), 2) AS b, CONVERT(varchar(40), abs(n.x), 3) AS c) AS w`
  const chosen = sql`CROSS APPLY (SELECT upper(CASE WHEN TRY_CAST(w.a AS float(53)) = abs(n.x) THEN w.a WHEN TRY_CAST(w.b AS float(53)) = abs(n.x) THEN w.b ELSE w.c END) AS t) AS c`
  const digits = sql`replace(rtrim(replace(replace(left(c.t, charindex('E', c.t) - 1), '.', ''), '0', ' ')), ' ', '0')`
  const taken = sql`CROSS APPLY (SELECT ${digits} AS d, CAST(substring(c.t, charindex('E', c.t) + 1, 5) AS int) AS e) AS p`
  const point = sql`CASE WHEN len(p.d) > 1 THEN '.' ELSE '' END`
  const sign = sql`CASE WHEN p.e < 0 THEN '-' ELSE '+' END`
  return sql`(SELECT concat(CASE WHEN n.x < 0 THEN '-' ELSE '' END, CASE
WHEN n.x = 0 THEN '0'
WHEN p.e < -6 OR p.e > 20 THEN concat(left(p.d, 1), ${point}, substring(p.d, 2, 20), 'e', ${sign}, abs(p.e))
WHEN p.e < 0 THEN concat('0.', replicate('0', -p.e - 1), p.d)
WHEN len(p.d) <= p.e + 1 THEN concat(p.d, replicate('0', p.e + 1 - len(p.d)))
ELSE concat(left(p.d, p.e + 1), '.', substring(p.d, p.e + 2, 20))
END) FROM (SELECT ${value} AS x) AS n ${written} ${chosen} ${taken} WHERE n.x IS NOT NULL)`
}

function dateText(value: Sql): Sql {
  const text = sql`CONVERT(nvarchar(23), CAST(${value} AS datetime2(3)), 121)`
  const isMidnight = sql`CAST(${value} AS time(3)) = '00:00:00'`
  return sql`CASE WHEN ${isMidnight} THEN left(${text}, 10) WHEN datepart(millisecond, ${value}) = 0 THEN left(${text}, 19) ELSE ${text} END`
}

/** The server takes no text of any length here. */
export function trimmed(text: Sql, characters: string): Sql {
  return sql`trim(CAST(${bind(characters, 'text')} AS nvarchar(50)) FROM ${text})`
}
