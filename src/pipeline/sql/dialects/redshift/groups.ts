import { sql } from '../../fragment.ts'
import type { GroupFunctions } from '../../functions/groups.ts'
import { numeral } from '../numeral.ts'
import { asDouble, constant, sumOfDoubles } from './doubles.ts'
import { narrow } from './integers.ts'

export const redshiftGroups: GroupFunctions = {
  double: asDouble,
  variance: (value) => {
    const number = asDouble(value)
    const fits = sql`abs(${number}) < ${constant(1e150)}`
    return sql`CASE WHEN bool_and(${fits}) THEN var_pop(CASE WHEN ${fits} THEN ${number} END) END`
  },
  windowSum: (value, type, window) =>
    type === 'integer' ? narrow(sql`sum(${value}) OVER (${window})`) : sumOfDoubles(asDouble(value), { window }),
  windowAverage: (value, window) => {
    const number = asDouble(value)
    return sql`${sumOfDoubles(number, { window })} / nullif(count(${number}) OVER (${window}), 0)`
  },
  lastRows: (count) => sql`ROWS BETWEEN ${numeral(count - 1)} PRECEDING AND CURRENT ROW`,
}
