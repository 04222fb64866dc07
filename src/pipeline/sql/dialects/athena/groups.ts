import { sql } from '../../fragment.ts'
import type { GroupFunctions } from '../../functions/groups.ts'
import { numeral } from '../numeral.ts'
import { asDouble, finite, narrow, wide } from './numbers.ts'

export const athenaGroups: GroupFunctions = {
  double: asDouble,
  variance: (value) => {
    const number = asDouble(value)
    const fits = sql`abs(${number}) < 1e150`
    return sql`CASE WHEN bool_and(${fits}) THEN var_pop(${number}) FILTER (WHERE ${fits}) END`
  },
  windowSum: (value, type, window) =>
    type === 'integer'
      ? narrow(sql`sum(${wide(value)}) OVER (${window})`)
      : finite(sql`sum(${asDouble(value)}) OVER (${window})`),
  windowAverage: (value, window) => finite(sql`avg(${asDouble(value)}) OVER (${window})`),
  lastRows: (count) => sql`ROWS BETWEEN ${numeral(count - 1)} PRECEDING AND CURRENT ROW`,
}
