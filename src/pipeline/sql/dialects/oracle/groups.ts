import { sql } from '../../fragment.ts'
import type { GroupFunctions } from '../../functions/groups.ts'
import { numeral } from '../numeral.ts'
import { asDouble, finite } from './doubles.ts'
import { narrow } from './integers.ts'

export const oracleGroups: GroupFunctions = {
  double: asDouble,
  variance: (value) => {
    const number = asDouble(value)
    return sql`CASE WHEN max(abs(${number})) < 1e150d THEN greatest(var_pop(${number}), 0d) END`
  },
  windowSum: (value, type, window) =>
    type === 'integer'
      ? narrow(sql`sum(${value}) OVER (${window})`)
      : finite(sql`sum(${asDouble(value)}) OVER (${window})`),
  windowAverage: (value, window) => finite(sql`avg(${asDouble(value)}) OVER (${window})`),
  lastRows: (count) => sql`ROWS BETWEEN ${numeral(count - 1)} PRECEDING AND CURRENT ROW`,
}
