import type { FormulaOperator } from '../formulas/formula.ts'
import type { ColumnType } from '../values.ts'
import type { Sql } from './fragment.ts'
import type { GroupFunctions } from './functions/groups.ts'
import type { TextFunctions } from './functions/text.ts'

/** What differs between databases; everything else is the same text. One file a dialect in `dialects/`. */
export interface SqlDialect {
  readonly name: string
  readonly groups: GroupFunctions
  /** Any name as an identifier, so that nothing in it can end the quoting. */
  quote(name: string): string
  /** The n-th placeholder (from 1), given its type where the database would have to guess. */
  placeholder(n: number, type: ColumnType): string
  /** Null as a value of a type. */
  nullOf(type: ColumnType): Sql
  /** Filters, projections and plain scans give rows in the order of the table, so that this order needs no ORDER BY. */
  readonly keepsScanOrder: boolean
  /** The `AS` of a CTE that is computed by itself. */
  readonly materialized: Sql
  orderKey(key: Sql, descending: boolean, nulls: 'last' | 'first'): Sql
  /** True or false, also for nulls: null is the same as null. */
  isSame(a: Sql, b: Sql): Sql
  /** A case-sensitive search with an RE2 expression anywhere in a text. */
  search(text: Sql, pattern: Sql): Sql
  /**
   * A value as text: numbers as JSON writes them (`10`, `0.1`, `1e-7`, `1e+21`), infinite ones null; `true` and `false`; dates as
   * `2022-01-31`, with a time of day `2022-01-31 10:30:00`, with milliseconds `2022-01-31 10:30:00.250`.
   */
  textOf(value: Sql, type: ColumnType): Sql
  /**
   * `a <operator> b` in brackets, for operands of this type or narrower ones. `/` is a division of doubles, `%` has the sign of the
   * dividend, both are null for a divisor of 0; an integer that does not fit into 64 bits is null; nothing ever aborts the query.
   */
  operate(operator: FormulaOperator, operands: readonly [a: Sql, b: Sql], type: 'integer' | 'number' | 'text'): Sql
  negate(a: Sql, type: 'integer' | 'number' | 'text'): Sql
  /** A double, null where it is infinite or not a number. */
  finite(value: Sql): Sql
  /** The sum of the non-null values, 0 without any; null where it does not fit the type. */
  sum(value: Sql, type: ColumnType): Sql
  average(value: Sql): Sql
  /** The first non-null value by an order (`ORDER BY` keys), or any when there is none. */
  first(value: Sql, order: Sql | undefined): Sql
  readonly text: TextFunctions
}
