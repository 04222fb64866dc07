import { sql } from '../../fragment.ts'
import type { GroupFunctions } from '../../functions/groups.ts'
import { numeral } from '../numeral.ts'
import { asDouble, constant, finite } from './doubles.ts'
import { narrow } from './integers.ts'

export const snowflakeGroups: GroupFunctions = {
  double: asDouble,
  variance: (value) => {
    const number = asDouble(value)
    const fits = sql`ABS(${number}) < ${constant(1e150)}`
    return sql`CASE WHEN BOOLAND_AGG(${fits}) THEN VAR_POP(CASE WHEN ${fits} THEN ${number} END) END`
  },
  windowSum: (value, type, window) =>
    type === 'integer'
      ? narrow(sql`SUM(${value}) OVER (${window})`)
      : finite(sql`SUM(${asDouble(value)}) OVER (${window})`),
  windowAverage: (value, window) => finite(sql`AVG(${asDouble(value)}) OVER (${window})`),
  // The server takes constants only here.
  lastRows: (count) => sql`ROWS BETWEEN ${numeral(count - 1)} PRECEDING AND CURRENT ROW`,
}
