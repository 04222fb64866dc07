import { bindRows, sql } from '../../fragment.ts'
import type { GroupFunctions } from '../../functions/groups.ts'
import { asDouble, sumOfDoubles } from './doubles.ts'
import { narrow } from './integers.ts'

export const postgresGroups: GroupFunctions = {
  double: asDouble,
  variance: (value) => {
    const number = asDouble(value)
    const fits = sql`abs(${number}) < 1e150`
    return sql`CASE WHEN bool_and(${fits}) THEN var_pop(${number}) FILTER (WHERE ${fits}) END`
  },
  windowSum: (value, type, window) =>
    type === 'integer' ? narrow(sql`sum(${value}) OVER (${window})`) : sumOfDoubles(asDouble(value), { window }),
  windowAverage: (value, window) => {
    const number = asDouble(value)
    return sql`${sumOfDoubles(number, { window })} / nullif(count(${number}) OVER (${window}), 0)`
  },
  lastRows: (count) => sql`ROWS BETWEEN ${bindRows(count - 1)} PRECEDING AND CURRENT ROW`,
}
