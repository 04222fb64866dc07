import { bind, double, type Sql, sql } from '../../fragment.ts'
import { conversions } from '../conversions.ts'
import { onlyFinite } from '../finite.ts'
import { anyNumber, isoDate, isoParts, plainNumber } from '../iso-date.ts'
import { numeral } from '../numeral.ts'
import { databricksInstant } from './dates.ts'
import { castTo, textOf } from './text.ts'

export const convert = conversions({
  cast: castTo,
  isTrue: (value) => sql`(${value} <> 0)`,
  truncated,
  instantOf,
  milliseconds: (date) => sql`unix_millis(${date})`,
  readInteger,
  readNumber,
  readBoolean,
  readDate,
  textOf,
})

function instantOf(value: Sql): Sql {
  return sql`CASE WHEN ${value} BETWEEN -8640000000000000 AND 8640000000000000 THEN timestamp_millis(${value}) END`
}

/** A cast takes 2^63 for the greatest integer. */
function truncated(value: Sql): Sql {
  const fits = sql`${value} >= ${double(-(2 ** 63))} AND ${value} < ${double(2 ** 63)}`
  return sql`CASE WHEN ${fits} THEN CAST(${value} AS BIGINT) END`
}

/** `\z`, not `$`, which may be before a line end too. */
function fits(text: Sql, pattern: string): Sql {
  return sql`${text} RLIKE ${bind(`\\A${pattern}\\z`, 'text')}`
}

/** Spaces, tabs and line ends around it. */
function trimmed(text: Sql): Sql {
  return sql`btrim(${text}, ${bind(' \t\r\n', 'text')})`
}

/** The digits before the point; a text of too many is no decimal. */
function readInteger(text: Sql): Sql {
  const whole = sql`try_cast(concat(substring_index(${trimmed(text)}, '.', 1), '.0') AS DECIMAL(38, 1))`
  return sql`CASE WHEN ${fits(trimmed(text), plainNumber)} THEN try_cast(${whole} AS BIGINT) ELSE ${truncated(readNumber(text))} END`
}

function readNumber(text: Sql): Sql {
  return sql`CASE WHEN ${fits(trimmed(text), anyNumber)} THEN ${onlyFinite(sql`try_cast(${trimmed(text)} AS DOUBLE)`)} END`
}

function readBoolean(text: Sql): Sql {
  return sql`CASE lower(${trimmed(text)}) WHEN 'true' THEN TRUE WHEN '1' THEN TRUE WHEN 'false' THEN FALSE WHEN '0' THEN FALSE END`
}

function readDate(text: Sql): Sql {
  const { parts, minutes } = isoParts(
    (index) => sql`regexp_extract(${trimmed(text)}, ${bind(isoDate, 'text')}, ${numeral(index)})`,
    (digits) => sql`CAST(${digits} AS INT)`,
  )
  return sql`CASE WHEN ${fits(trimmed(text), isoDate)} THEN timestampadd(MINUTE, ${minutes}, ${databricksInstant(parts)}) END`
}
