import { type Sql, sql } from '../../fragment.ts'
import type { GroupFunctions } from '../../functions/groups.ts'
import { boundedSum } from '../bounded-doubles.ts'
import { numeral } from '../numeral.ts'
import { asDouble } from './doubles.ts'
import { narrow, wide } from './integers.ts'

export const sqlserverGroups: GroupFunctions = {
  double: asDouble,
  variance,
  windowSum: (value, type, window) =>
    type === 'integer' ? narrow(sql`sum(${wide(value)}) OVER (${window})`) : boundedSum(asDouble(value), { window }),
  windowAverage: (value, window) => {
    const number = asDouble(value)
    return sql`${boundedSum(number, { window })} / nullif(count_big(${number}) OVER (${window}), 0)`
  },
  // No value may be bound here.
  lastRows: (count) => sql`ROWS BETWEEN ${numeral(count - 1)} PRECEDING AND CURRENT ROW`,
}

/** The server's own may come out a little below 0, of which there is no root. */
function variance(value: Sql): Sql {
  const number = asDouble(value)
  const own = sql`varp(CASE WHEN abs(${number}) < 1e150 THEN ${number} END)`
  const fits = sql`max(CASE WHEN abs(${number}) >= 1e150 THEN 1 ELSE 0 END) = 0`
  return sql`CASE WHEN ${fits} THEN CASE WHEN ${own} < 0 THEN 0e0 ELSE ${own} END END`
}
