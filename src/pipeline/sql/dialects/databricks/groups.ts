import { type Sql, sql } from '../../fragment.ts'
import type { GroupFunctions } from '../../functions/groups.ts'
import { onlyFinite } from '../finite.ts'
import { numeral } from '../numeral.ts'
import { asDouble } from './text.ts'

export const databricksGroups: GroupFunctions = {
  double: asDouble,
  variance: (value) => {
    const number = asDouble(value)
    const fits = sql`abs(${number}) < 1e150`
    return sql`CASE WHEN bool_and(${fits}) THEN var_pop(${number}) FILTER (WHERE ${fits}) END`
  },
  windowSum: (value, type, window) => {
    if (type === 'integer') return sql`try_cast(${sumOfIntegers(value)} OVER (${window}) AS BIGINT)`
    return onlyFinite(sql`sum(${asDouble(value)}) OVER (${window})`)
  },
  windowAverage: (value, window) => onlyFinite(sql`avg(${asDouble(value)}) OVER (${window})`),
  // The server takes no placeholder here.
  lastRows: (count) => sql`ROWS BETWEEN ${numeral(count - 1)} PRECEDING AND CURRENT ROW`,
}

/** A decimal of 30 digits, which no sum of 64 bit integers is too large for. */
export function sumOfIntegers(value: Sql): Sql {
  return sql`sum(CAST(${value} AS DECIMAL(20, 0)))`
}
