import { sql } from '../../fragment.ts'
import type { GroupFunctions } from '../../functions/groups.ts'
import { numeral } from '../numeral.ts'
import { castTo, finite, narrow } from './types.ts'

export const clickhouseGroups: GroupFunctions = {
  double: (value) => castTo(value, 'number'),
  variance: (value) => {
    const number = castTo(value, 'number')
    const fits = sql`abs(${number}) < 1e150`
    return sql`CASE WHEN min(${fits}) THEN varPopStable(CASE WHEN ${fits} THEN ${number} END) END`
  },
  windowSum: (value, type, window) => {
    const sum = sql`sum(${castTo(value, type)}) OVER (${window})`
    return type === 'integer' ? narrow(sum) : finite(sum)
  },
  windowAverage: (value, window) => finite(sql`avg(${castTo(value, 'number')}) OVER (${window})`),
  lastRows: (count) => sql`ROWS BETWEEN ${numeral(count - 1)} PRECEDING AND CURRENT ROW`,
}
