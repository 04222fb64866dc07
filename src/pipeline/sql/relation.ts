import type { Column } from '../values.ts'
import type { Sql } from './fragment.ts'

/** A column while SQL is being made. `id` is its generated name (`c0`, `c1`, …) in every CTE; `name` is what people see. */
export interface SqlColumn extends Column {
  readonly id: string
}

/** `id` may belong to a column that is no longer visible: it is carried along until the end. Nulls are always last. */
export interface OrderKey {
  readonly id: string
  readonly descending: boolean
}

/**
 * What a step reads and gives: a table or CTE whose columns are the ids. Renaming, selecting and deleting change only `columns`;
 * sorting changes only `order`. People's names never stand in the text: they are met at the source and again in the answer.
 */
export interface Relation {
  readonly from: Sql
  readonly columns: readonly SqlColumn[]
  readonly order: readonly OrderKey[]
  /** The rows come in this order by themselves, so that the end needs no ORDER BY. */
  readonly inOrder: boolean
  readonly lists?: TextLists
}

/**
 * The columns whose texts the database keeps as positions in a list without repeats, by the column's id. A step that gives a column
 * another value gives it another id, and one that joins or unites rows gives up the lists.
 */
export type TextLists = ReadonlyMap<string, readonly string[]>

/**
 * Where a domain is in the database: `table` is ready text (with its schema: a bare `s0` would be taken for a CTE), `columns[].id`
 * the physical names as the dialect quotes them.
 */
export interface SqlSource {
  readonly table: Sql
  readonly columns: readonly SqlColumn[]
  /** A column (quoted, or `rowid`) that numbers the rows in their first order, when the source has one: integers, no nulls. */
  readonly rowOrder?: string
  readonly lists?: TextLists
}

/** A compiled query. `columns` is known before anything runs, in the order of the answer. */
export interface CompiledSql {
  readonly columns: readonly SqlColumn[]
  /**
   * The page of rows in their order. `shape` makes the select list from the columns, row by row (default: the columns' ids), for
   * engines that write JSON; it is only evaluated for the rows of the page.
   */
  rows(page: { offset: number; limit: number | null }, shape?: (columns: readonly SqlColumn[]) => Sql): Sql
  /** One row, one column: how many rows there are without paging. */
  count(): Sql
}
