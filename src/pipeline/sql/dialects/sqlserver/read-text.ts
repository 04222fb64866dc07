import { type Sql, sql } from '../../fragment.ts'
import { narrow } from './integers.ts'
import { trimmed } from './text.ts'

/**
 * What is written in a text is found out by `LIKE`, since the server itself reads more than that. `t`: the text without the spaces
 * around and the sign, `s`: the sign, `m`: what stands before an exponent, `x`: the exponent without its sign.
 */
function numberParts(text: Sql): Sql {
  const bare = sql`SELECT ${trimmed(text, ' \t\r\n')} AS r`
  const signed = sql`SELECT CASE WHEN left(a.r, 1) = '-' THEN '-' ELSE '' END AS s, upper(CASE WHEN a.r LIKE '[+-]%' THEN substring(a.r, 2, 2147483647) ELSE a.r END) AS t FROM (${bare}) AS a`
  const place = sql`charindex('E', b.t)`
  const mantissa = sql`CASE WHEN ${place} > 0 THEN left(b.t, ${place} - 1) ELSE b.t END`
  const exponent = sql`CASE WHEN ${place} > 0 THEN substring(b.t, ${place} + 1 + CASE WHEN substring(b.t, ${place} + 1, 1) IN ('+', '-') THEN 1 ELSE 0 END, 2147483647) END`
  return sql`SELECT b.s, b.t, ${mantissa} AS m, ${exponent} AS x FROM (${signed}) AS b`
}

const isDecimal = sql`p.m LIKE '%[0-9]%' AND p.m NOT LIKE '%[^0-9.]%' AND p.m NOT LIKE '%.%.%'`
const isNumber = sql`${isDecimal} AND (p.x IS NULL OR (p.x LIKE '%[0-9]%' AND p.x NOT LIKE '%[^0-9]%'))`
const number = sql`CASE WHEN ${isNumber} THEN TRY_CAST(concat(p.s, p.t) AS float(53)) END`

export function readNumber(text: Sql): Sql {
  return sql`(SELECT ${number} FROM (${numberParts(text)}) AS p)`
}

/** The digits before the point are the integer. What has more of them than an exact number fits into no integer. */
export function readInteger(text: Sql): Sql {
  const whole = sql`concat(p.s, '0', left(p.m, charindex('.', concat(p.m, '.')) - 1))`
  const exact = narrow(sql`TRY_CAST(${whole} AS decimal(38, 0))`)
  return sql`(SELECT CASE WHEN ${isDecimal} AND p.x IS NULL THEN ${exact} ELSE ${narrow(number)} END FROM (${numberParts(text)}) AS p)`
}

const digits = sql`'[0-9][0-9]'`
const minutes = sql`'[0-2][0-9]:[0-5][0-9]'`

/**
 * The milliseconds since 1970 of a date in ISO 8601, which may be before the first date of the server by its offset. `y`: the day, `c`:
 * the time of the day, `z`: what comes behind it.
 */
export function readDate(text: Sql): Sql {
  const bare = sql`SELECT ${trimmed(text, ' \t\r\n')} AS r`
  const zone = sql`patindex('%[Zz+-]%', concat(substring(a.r, 12, 2147483647), 'Z'))`
  const split = sql`SELECT left(a.r, 10) AS y, substring(a.r, 11, 1) AS k, substring(a.r, 12, ${zone} - 1) AS c, substring(a.r, 11 + ${zone}, 2147483647) AS z FROM (${bare}) AS a`
  const isDay = sql`p.y LIKE '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]'`
  const hasSecond = sql`p.c LIKE '[0-2][0-9]:[0-5][0-9]:[0-5][0-9]'`
  const fraction = sql`substring(p.c, 10, 2147483647)`
  const hasFraction = sql`p.c LIKE '[0-2][0-9]:[0-5][0-9]:[0-5][0-9].[0-9]%' AND ${fraction} NOT LIKE '%[^0-9]%' AND len(${fraction}) <= 9`
  const isTime = sql`p.k IN ('T', 't', ' ') AND (p.c LIKE ${minutes} OR ${hasSecond} OR ${hasFraction})`
  const offset = sql`substring(p.z, 2, 2147483647)`
  const isOffset = sql`p.z LIKE '[+-]%' AND left(${offset}, 2) < '24' AND (${offset} LIKE ${digits} OR ${offset} LIKE '[0-2][0-9][0-5][0-9]' OR ${offset} LIKE ${minutes})`
  const isZone = sql`(p.z = '' OR p.z LIKE '[Zz]' OR (${isOffset}))`
  const local = sql`TRY_CAST(concat(p.y, ' ', CASE WHEN p.c = '' THEN '00:00' ELSE left(p.c, 12) END) AS datetime2(3))`
  const ahead = sql`CASE WHEN p.z LIKE '[+-]%' THEN CAST(concat(left(p.z, 1), '1') AS bigint) * (CAST(left(${offset}, 2) AS bigint) * 60 + CAST(concat('0', right(substring(${offset}, 3, 3), 2)) AS bigint)) ELSE 0 END`
  const instant = sql`datediff_big(millisecond, '1970-01-01', ${local}) - (${ahead}) * 60000`
  return sql`(SELECT CASE WHEN ${isDay} AND ((p.k = '' AND p.c = '' AND p.z = '') OR (${isTime} AND ${isZone})) THEN ${instant} END FROM (${split}) AS p)`
}
