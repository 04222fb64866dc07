import { type Sql, sql } from '../../fragment.ts'
import type { GroupFunctions } from '../../functions/groups.ts'
import { boundedSum } from '../bounded-doubles.ts'
import { numeral } from '../numeral.ts'
import { asDouble, narrow, wide } from './numbers.ts'

export const bigqueryGroups: GroupFunctions = {
  double: asDouble,
  variance: (value) => {
    const number = asDouble(value)
    const fits = sql`ABS(${number}) < 1e150`
    return sql`CASE WHEN LOGICAL_AND(${fits}) THEN VAR_POP(CASE WHEN ${fits} THEN ${number} END) END`
  },
  windowSum: (value, type, window) =>
    type === 'integer' ? narrow(sql`SUM(${wide(value)}) OVER (${window})`) : boundedSum(asDouble(value), { window }),
  windowAverage: (value, window) => {
    const count = sql`COUNT(${value}) OVER (${window})`
    return mean(boundedSum(asDouble(value), { window }), count)
  },
  lastRows: (count) => sql`ROWS BETWEEN ${numeral(count - 1)} PRECEDING AND CURRENT ROW`,
}

export function mean(sum: Sql, count: Sql): Sql {
  return sql`SAFE_DIVIDE(${sum}, ${count})`
}
