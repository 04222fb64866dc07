import { type Sql, sql } from '../fragment.ts'
import type { DatePeriod } from '../functions/dates.ts'

/** Periods as a database with texts for them calls them; whose `week` may begin on another day than ours. */
export const quotedUnits: { readonly [P in DatePeriod]: Sql } = {
  year: sql`'year'`,
  quarter: sql`'quarter'`,
  month: sql`'month'`,
  week: sql`'week'`,
  isoWeek: sql`'week'`,
  day: sql`'day'`,
}
