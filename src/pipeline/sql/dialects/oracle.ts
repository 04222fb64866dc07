import { Problem } from '../../../base/index.ts'
import type { ColumnType } from '../../values.ts'
import type { ServerDialect } from '../dialect.ts'
import { bindRows, joinSql, type Sql, sql } from '../fragment.ts'
import { nthOfBound } from './nth-text.ts'
import { oracleDates } from './oracle/dates.ts'
import { asDouble, finite, operateDoubles } from './oracle/doubles.ts'
import { oracleGroups } from './oracle/groups.ts'
import { narrow, operateIntegers } from './oracle/integers.ts'
import { searchExpression } from './oracle/pattern.ts'
import { mostBytes, textOf } from './oracle/text.ts'
import { oracleText } from './oracle/text-functions.ts'
import { dateTextFromYearOne, parameterText } from './parameter.ts'
import { aggregateOrder, standard } from './standard.ts'

const types: { readonly [T in ColumnType]: string } = {
  integer: 'NUMBER(19)',
  number: 'BINARY_DOUBLE',
  text: `VARCHAR2(${mostBytes})`,
  boolean: 'NUMBER(1)',
  date: 'TIMESTAMP(3)',
}

/** A query may have 65,535 values. */
const mostShapes = 60_000

/**
 * Oracle Database 19c and later with the character set AL32UTF8. Its session has TIME_ZONE 'UTC', NLS_COMP and NLS_SORT 'BINARY' and
 * NLS_NUMERIC_CHARACTERS '.,'. A boolean is a number, 1 or 0: a condition is no value there. Dates are of the years 1 to 9999,
 * before 15 October 1582 in the Julian calendar.
 *
 * The empty text is null here: none is taken from a pipeline, and a text that comes out empty is null. Refused as well: texts of more than
 * 4000 bytes, names with a double quote or NUL, expressions with borders of words or lines or of more than 512 bytes, and dates read from texts
 * with more than nine groups, which is what reading without a format needs.
 */
export const oracleDialect: ServerDialect = {
  name: 'oracle',
  dates: oracleDates,
  text: oracleText,
  groups: oracleGroups,
  shapes: { nthText: (texts, n) => nthOfBound(texts, n, mostShapes) },
  quote: (name) => {
    if (name === '' || /["\0]/.test(name)) {
      throw new Problem('pipeline_invalid', 'Oracle has no names that are empty or have a double quote or NUL in them.')
    }
    return `"${name}"`
  },
  placeholder: (n, type, lone) => {
    if (lone) return `TO_NUMBER(:${n})`
    return type === 'date' ? `TO_TIMESTAMP(:${n}, 'YYYY-MM-DD HH24:MI:SS.FF')` : `CAST(:${n} AS ${types[type]})`
  },
  parameter: (value) => parameterText(value, dateTextFromYearOne),
  refusal: (value) => {
    if (value === '') return 'Oracle has no empty text: it takes it for null.'
    const isLong = typeof value === 'string' && Buffer.byteLength(value) > mostBytes
    return isLong ? `Oracle has no texts of more than ${mostBytes} bytes.` : undefined
  },
  nullOf: (type) => castTo(sql`NULL`, type),
  sourceColumn: (column, type) => {
    switch (type) {
      case 'date':
        // What has no offset is in the session's time zone, which is UTC.
        return sql`CAST(SYS_EXTRACT_UTC(CAST(${column} AS TIMESTAMP(3) WITH TIME ZONE)) AS TIMESTAMP(3))`
      case 'number':
        return finite(asDouble(column))
      case 'boolean':
        return sql`CASE WHEN ${column} <> 0 THEN 1 WHEN ${column} = 0 THEN 0 END`
      case 'integer':
      case 'text':
        return castTo(column, type)
    }
  },
  keepsScanOrder: false,
  materialized: sql`AS`,
  // A query that numbers its rows is not merged into another one.
  fence: sql`WHERE ROWNUM > 0`,
  oneRow: { from: sql`dual` },
  slice: (limit, offset) =>
    joinSql(
      [
        ...(offset === 0 ? [] : [sql`OFFSET ${bindRows(offset)} ROWS`]),
        ...(limit === null ? [] : [sql`FETCH NEXT ${bindRows(limit)} ROWS ONLY`]),
      ],
      ' ',
    ),
  joinsFully: true,
  orderKey: standard.orderKey,
  isSame: (a, b) => sql`DECODE(${a}, ${b}, 1, 0) = 1`,
  textOf,
  search: searchExpression,
  operate: (operator, [a, b], type) => {
    // Null would be left out, like an empty text.
    if (type === 'text') return sql`(CASE WHEN ${a} IS NOT NULL AND ${b} IS NOT NULL THEN ${a} || ${b} END)`
    return type === 'integer' && operator !== '/' ? operateIntegers(operator, a, b) : operateDoubles(operator, a, b)
  },
  negate: (a, type) => (type === 'integer' ? narrow(sql`-${a}`) : sql`(-${a})`),
  finite: (value) => value,
  sum: (value, type) =>
    type === 'integer' ? narrow(sql`coalesce(sum(${value}), 0)`) : finite(sql`coalesce(sum(${value}), 0d)`),
  average: (value) => finite(sql`avg(${asDouble(value)})`),
  minimum: (value) => sql`min(${value})`,
  maximum: (value) => sql`max(${value})`,
  first: (value, _type, order) => {
    const keys = aggregateOrder(order)
    if (!keys) return sql`min(${value})`
    return sql`min(${value}) KEEP (DENSE_RANK FIRST ORDER BY NVL2(${value}, 0, 1), ${keys})`
  },
  numbersRows: false,
}

function castTo(value: Sql, type: ColumnType): Sql {
  return sql`CAST(${value} AS ${{ texts: [types[type]], values: [] }})`
}
