import { bind, type Sql, sql } from '../../fragment.ts'
import type { GroupFunctions } from '../../functions/groups.ts'

export const duckdbGroups: GroupFunctions = {
  double,
  // DuckDB ends the query when a variance is not finite, and TRY takes no aggregates.
  variance: (value) => {
    const number = double(value)
    const fits = sql`abs(${number}) < CAST(1e150 AS DOUBLE)`
    return sql`CASE WHEN bool_and(${fits}) THEN var_pop(${number}) FILTER (WHERE ${fits}) END`
  },
  windowSum: (value, type, window) => {
    // The sum of BIGINT is a HUGEINT.
    if (type === 'integer') return sql`TRY_CAST(sum(${value}) OVER (${window}) AS BIGINT)`
    return finite(sql`sum(${double(value)}) OVER (${window})`)
  },
  windowAverage: (value, window) => finite(sql`avg(${double(value)}) OVER (${window})`),
  lastRows: (count) => sql`ROWS BETWEEN ${bind(count - 1, 'integer')} PRECEDING AND CURRENT ROW`,
}

function double(value: Sql): Sql {
  return sql`CAST(${value} AS DOUBLE)`
}

function finite(value: Sql): Sql {
  return sql`CASE WHEN isfinite(${value}) THEN ${value} END`
}
