import { type Sql, sql } from '../../fragment.ts'
import type { GroupFunctions } from '../../functions/groups.ts'
import { asDouble, sumOfDoubles } from './doubles.ts'
import { narrow } from './integers.ts'

export const mysqlGroups: GroupFunctions = {
  double: asDouble,
  variance: (value) => {
    const number = asDouble(value)
    const fits = sql`abs(${number}) < 1e150`
    return sql`CASE WHEN min(${fits}) THEN var_pop(CASE WHEN ${fits} THEN ${number} END) END`
  },
  windowSum: (value, type, window) =>
    type === 'integer' ? narrow(sql`sum(${value}) OVER (${window})`) : sumOfDoubles(asDouble(value), { window }),
  windowAverage: (value, window) => {
    const number = asDouble(value)
    return sql`${sumOfDoubles(number, { window })} / nullif(count(${number}) OVER (${window}), 0)`
  },
  // MariaDB takes no placeholder here.
  lastRows: (count) => {
    const before: Sql = { texts: [String(Math.trunc(count) - 1)], values: [] }
    return sql`ROWS BETWEEN ${before} PRECEDING AND CURRENT ROW`
  },
}
