import type { ColumnType } from '../../../values.ts'
import { double, type Sql, sql } from '../../fragment.ts'
import { conversions } from '../conversions.ts'
import { anyNumber, isoDate, isoParts, plainNumber } from '../iso-date.ts'
import { numeral } from '../numeral.ts'
import { clickhouseInstant } from './dates.ts'
import { castTo, finite, narrow, withNamed } from './types.ts'

export const convert = conversions({
  cast: castTo,
  isTrue: (value) => castTo(sql`${value} <> 0`, 'boolean'),
  truncated,
  instantOf,
  milliseconds,
  readInteger,
  readNumber,
  readBoolean,
  readDate,
  textOf,
})

/** `textOf` of the dialect. */
export function textOf(value: Sql, type: ColumnType): Sql {
  switch (type) {
    case 'text':
      return value
    case 'integer':
      return sql`toString(${value})`
    case 'boolean':
      return sql`CASE WHEN ${value} THEN 'true' WHEN NOT ${value} THEN 'false' END`
    // Without a plus sign in the exponent, and with the sign of -0, this would be JSON.
    case 'number':
      return sql`replaceRegexpOne(toString(${value} + 0), 'e([0-9])', 'e+\\\\1')`
    case 'date': {
      const text = sql`toString(${value})`
      const at = (unit: Sql): Sql => sql`${milliseconds(value)} % ${unit} = 0`
      return sql`CASE WHEN ${at(sql`86400000`)} THEN substring(${text}, 1, 10) WHEN ${at(sql`1000`)} THEN substring(${text}, 1, 19) ELSE ${text} END`
    }
  }
}

function milliseconds(date: Sql): Sql {
  return sql`toUnixTimestamp64Milli(${date})`
}

function instantOf(value: Sql): Sql {
  const held = sql`CASE WHEN m BETWEEN -2208988800000 AND 10413791999999 THEN fromUnixTimestamp64Milli(toInt64(m), 'UTC') END`
  return withNamed('m', value, held)
}

function truncated(value: Sql): Sql {
  const fits = sql`m >= ${double(-(2 ** 63))} AND m < ${double(2 ** 63)}`
  return withNamed('m', value, sql`CASE WHEN ${fits} THEN toInt128(trunc(m)) END`)
}

/** Spaces, tabs and line ends around it. */
function trimmed(text: Sql): Sql {
  return sql`replaceRegexpAll(${text}, '^[ \\t\\r\\n]+|[ \\t\\r\\n]+$', '')`
}

/** What has more than 30 digits fits into no integer, and what is left of it does not either. */
function readInteger(text: Sql): Sql {
  const isPlain = sql`match(${text}, '^[ \\t\\r\\n]*${written(plainNumber)}[ \\t\\r\\n]*$')`
  const whole = sql`replaceRegexpOne(${text}, '^[ \\t\\r\\n]*[+]?(-?)0*([0-9]{0,30})(.|\\n)*$', '\\\\10\\\\2')`
  return sql`CASE WHEN ${isPlain} THEN ${narrow(sql`toInt128OrNull(${whole})`)} ELSE ${truncated(readNumber(text))} END`
}

function readNumber(text: Sql): Sql {
  const isNumber = sql`match(${text}, '^[ \\t\\r\\n]*${written(anyNumber)}[ \\t\\r\\n]*$')`
  return sql`CASE WHEN ${isNumber} THEN ${finite(sql`toFloat64OrNull(${trimmed(text)})`)} END`
}

function readBoolean(text: Sql): Sql {
  const word = sql`lower(${trimmed(text)})`
  return sql`CASE WHEN ${word} IN ('true', '1') THEN TRUE WHEN ${word} IN ('false', '0') THEN FALSE END`
}

function readDate(text: Sql): Sql {
  const pattern = sql`'^[ \\t\\r\\n]*${written(isoDate)}[ \\t\\r\\n]*$'`
  const group = (index: number): Sql => sql`g[${numeral(index)}]`
  const { parts, minutes } = isoParts(group, (digits) => sql`toInt64OrNull(${digits})`)
  const instant = instantOf(sql`${milliseconds(clickhouseInstant(parts))} + ${minutes} * 60000`)
  return withNamed('g', sql`extractGroups(coalesce(${text}, ''), ${pattern})`, instant)
}

function written(pattern: string): Sql {
  return { texts: [pattern], values: [] }
}
