import type { Sql } from '../fragment.ts'

/** What the steps about shapes need of a database, which knows shapes only as texts. */
export interface ShapeFunctions {
  /** The n-th text (from 1) of a JSON array of texts, which is itself a bound text; null beyond its end. */
  nthText(texts: Sql, n: Sql): Sql
}
