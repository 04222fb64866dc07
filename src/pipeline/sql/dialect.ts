import type { FormulaOperator } from '../formulas/formula.ts'
import type { ColumnType, Value } from '../values.ts'
import type { Sql } from './fragment.ts'
import type { DateFunctions } from './functions/dates.ts'
import type { GroupFunctions } from './functions/groups.ts'
import type { ShapeFunctions } from './functions/shapes.ts'
import type { TextFunctions } from './functions/text.ts'
import type { OrderKey } from './relation.ts'

/** What differs between databases; everything else is the same text. One file a dialect in `dialects/`. */
export interface SqlDialect {
  readonly name: string
  readonly dates: DateFunctions
  readonly groups: GroupFunctions
  readonly shapes: ShapeFunctions
  /** Any name as an identifier, so that nothing in it can end the quoting. */
  quote(name: string): string
  /** The n-th placeholder (from 1), given its type where the database would have to guess, unless it has to be `lone`. */
  placeholder(n: number, type: ColumnType, lone: boolean): string
  /** Why the database cannot hold a value, as a sentence for people; undefined when it can. */
  refusal?(value: Value): string | undefined
  /** Null as a value of a type. */
  nullOf(type: ColumnType): Sql
  /** A column of a source, whose type may be a kin of the one that we need, as values of our type. */
  sourceColumn(column: Sql, type: ColumnType): Sql
  /** Filters, projections and plain scans give rows in the order of the table, so that this order needs no ORDER BY. */
  readonly keepsScanOrder: boolean
  /** The `AS` of a CTE that is computed by itself. */
  readonly materialized: Sql
  /** The end of a query with a bound on its rows, empty without one. `ordered`: what stands before it is an ORDER BY. */
  slice(limit: number | null, offset: number, ordered: boolean): Sql
  /** What a SELECT of constants reads from, for databases where it has to read from something. */
  readonly oneRow?: { readonly from: Sql }
  /** Whether there is a FULL OUTER JOIN. */
  readonly joinsFully: boolean
  orderKey(key: Sql, descending: boolean, nulls: 'last' | 'first'): Sql
  /** A key of PARTITION BY, for databases that do not take columns of every type there. */
  partitionKey?(key: Sql, type: ColumnType): Sql
  /** What texts are tested by for being equal to a constant, for databases that pass over spaces at their end. */
  exactly?(text: Sql): Sql
  /** Where a text of one of the `TextLists` is in its list, from 0; null for null. For databases whose sources have such lists. */
  position?(text: Sql): Sql
  /** True or false, also for nulls: null is the same as null. */
  isSame(a: Sql, b: Sql): Sql
  /**
   * A case-sensitive search with an RE2 expression anywhere in a text, in brackets where it needs them. Errors: `pipeline_invalid` for
   * an expression that this database cannot search for.
   */
  search(text: Sql, pattern: string): Sql
  /**
   * A value as text: numbers as JSON writes them (`10`, `0.1`, `1e-7`, `1e+21`), infinite ones null; `true` and `false`; dates as
   * `2022-01-31`, with a time of day `2022-01-31 10:30:00`, with milliseconds `2022-01-31 10:30:00.250`; years beyond 9999 have more
   * digits, years before 0 a `-`.
   */
  textOf(value: Sql, type: ColumnType): Sql
  /**
   * `a <operator> b` in brackets, for operands of this type or narrower ones. `/` is a division of doubles, `%` has the sign of the
   * dividend, both are null for a divisor of 0; an integer that does not fit into 64 bits is null; nothing ever aborts the query.
   */
  operate(operator: FormulaOperator, operands: readonly [a: Sql, b: Sql], type: 'integer' | 'number' | 'text'): Sql
  negate(a: Sql, type: 'integer' | 'number' | 'text'): Sql
  /**
   * For databases where functions repeat their operands: what ends a query so that the expressions of its columns are not put in the
   * place of the columns. Operands of formulas that are neither columns nor constants are computed in such a query first.
   */
  readonly fence?: Sql
  /** A double that `operate` gave, null where it is infinite or not a number. */
  finite(value: Sql): Sql
  /** The sum of the non-null values, 0 without any; null where it does not fit the type. */
  sum(value: Sql, type: ColumnType): Sql
  average(value: Sql, type: ColumnType): Sql
  minimum(value: Sql, type: ColumnType): Sql
  maximum(value: Sql, type: ColumnType): Sql
  /** The first non-null value by an order, or any when there is none; backwards, with nulls first, the last one. */
  first(value: Sql, type: ColumnType, order: { readonly keys: readonly OrderKey[]; readonly backwards: boolean }): Sql
  /** Whether the order for `first` has to be one key that numbers the rows. */
  readonly numbersRows: boolean
  readonly text: TextFunctions
}

/** A dialect of servers whose drivers (pg, mysql2) take every value as a text: exact, and free of the time zones of this machine. */
export interface ServerDialect extends SqlDialect {
  /** What to hand to the driver for a placeholder. A date beyond those of the server is its last or first one. */
  parameter(value: Value): string | null
}
