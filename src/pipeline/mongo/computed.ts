import { withColumn } from '../steps/columns.ts'
import type { Column } from '../values.ts'
import { after, type MongoContext } from './context.ts'
import type { Expression } from './expression.ts'
import type { MongoColumn, MongoRelation } from './relation.ts'

/** A column and how each document gets its value. */
export interface ComputedValue {
  readonly column: Column
  readonly value: Expression
}

/**
 * The rows with columns computed from the ones they have: each takes the place of the column with its name, or comes last. All see
 * the columns from before. Rows keep their order.
 */
export function withValues(input: MongoRelation, list: readonly ComputedValue[], context: MongoContext): MongoRelation {
  if (list.length === 0) return input
  const computed = list.map(({ column, value }) => ({ column: context.fresh(column), value }))
  const fields = Object.fromEntries(computed.map(({ column, value }) => [column.id, value]))
  return {
    ...after(input, { $set: fields }),
    columns: computed.reduce<readonly MongoColumn[]>(
      (columns, { column }) => withColumn(columns, column),
      input.columns,
    ),
  }
}
