import type { ServerDialect, SqlDialect } from '../dialect.ts'
import { bind, keyword, type Sql, sql } from '../fragment.ts'
import { databricksDates } from './databricks/dates.ts'
import { databricksGroups, sumOfIntegers } from './databricks/groups.ts'
import { databricksPattern } from './databricks/pattern.ts'
import { asDouble, castTo, textOf, types } from './databricks/text.ts'
import { databricksText } from './databricks/text-functions.ts'
import { onlyFinite } from './finite.ts'
import { parameterText } from './parameter.ts'
import { firstByNumber, standard } from './standard.ts'

/**
 * Databricks SQL, in ANSI mode or not. The session's time zone is UTC. Texts are compared by code points: a cast to STRING ends any
 * collation of a column. Arithmetic that overflows gives null by its `try_` functions, that of doubles is that of IEEE 754.
 */
export const databricksDialect: ServerDialect = {
  ...standard,
  name: 'databricks',
  dates: databricksDates,
  text: databricksText,
  groups: databricksGroups,
  shapes: { nthText: (texts, n) => sql`get(from_json(${texts}, 'ARRAY<STRING>'), CAST(${n} - 1 AS INT))` },
  quote: (name) => `\`${name.replaceAll('`', '``')}\``,
  // A date is bound as its milliseconds.
  placeholder: (_n, type, lone) => {
    if (type === 'date') return 'timestamp_millis(CAST(? AS BIGINT))'
    return `CAST(? AS ${lone ? 'INT' : types[type]})`
  },
  parameter: (value) => parameterText(value, (date) => String(date.getTime())),
  nullOf: (type) => castTo(sql`NULL`, type),
  sourceColumn: (column, type) => {
    if (type === 'number') return onlyFinite(asDouble(column))
    return type === 'date' ? sql`timestamp_millis(unix_millis(${castTo(column, type)}))` : castTo(column, type)
  },
  keepsScanOrder: false,
  // There is no CTE that is computed by itself.
  materialized: sql`AS`,
  isSame: (a, b) => sql`${a} <=> ${b}`,
  search: (text, pattern) => sql`(${text} RLIKE ${bind(databricksPattern(pattern), 'text')})`,
  textOf,
  operate,
  negate: (a, type) => (type === 'integer' ? sql`try_subtract(CAST(0 AS BIGINT), ${a})` : sql`(-${a})`),
  finite: onlyFinite,
  sum: (value, type) =>
    type === 'integer'
      ? sql`try_cast(coalesce(${sumOfIntegers(value)}, 0) AS BIGINT)`
      : onlyFinite(sql`coalesce(sum(${value}), 0e0)`),
  average: (value, type) =>
    type === 'integer'
      ? sql`${asDouble(sumOfIntegers(value))} / nullif(count(${value}), 0)`
      : onlyFinite(sql`avg(${value})`),
  minimum: (value) => sql`min(${value})`,
  maximum: (value) => sql`max(${value})`,
  first: firstByNumber,
  numbersRows: true,
}

const functions = { '+': sql`try_add`, '-': sql`try_subtract`, '*': sql`try_multiply` } as const

function operate(...[operator, [a, b], type]: Parameters<SqlDialect['operate']>): Sql {
  if (type === 'text') return sql`(${a} || ${b})`
  if (operator === '/' || (operator === '%' && type === 'number')) {
    return sql`(${asDouble(a)} ${keyword(operator)} ${divisor(b)})`
  }
  if (operator === '%') return sql`(${a} % nullif(${b}, 0))`
  return type === 'integer' ? sql`${functions[operator]}(${a}, ${b})` : sql`(${a} ${keyword(operator)} ${b})`
}

/** Null for 0; not a number for infinity, by which a division would give something finite. */
function divisor(value: Sql): Sql {
  return sql`nullif(${asDouble(value)} % CAST('Infinity' AS DOUBLE), 0e0)`
}
