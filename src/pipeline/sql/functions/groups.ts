import type { Sql } from '../fragment.ts'

/** What steps about groups and windows need of a database. A window is `PARTITION BY … ORDER BY … <frame>`, as `windowSql` writes it. */
export interface GroupFunctions {
  /** An integer or number as a double. */
  double(value: Sql): Sql
  /**
   * An aggregate: the population variance of the non-null values as a double; null without any, and null where a value is of
   * 1e150 or more, up or down, whose square would be near the end of the doubles. Never aborts.
   */
  variance(value: Sql): Sql
  /**
   * The sum of the non-null values in a window, null without any. For `integer`: of 64 bit integers, null where it does not fit
   * them. For `number`: a double whatever the values are, null where it is not finite. Never aborts.
   */
  windowSum(value: Sql, type: 'integer' | 'number', window: Sql): Sql
  /** The mean of the non-null values in a window as a double; null without any and where it is not finite. Never aborts. */
  windowAverage(value: Sql, window: Sql): Sql
  /** The frame that holds the current row and those before it, together at most `count` (a whole number from 1 on). */
  lastRows(count: number): Sql
}
