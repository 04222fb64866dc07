import { carried, ref, type SqlContext, select } from '../sql/context.ts'
import { joinSql, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import type { AnyStep } from '../step.ts'
import type { Column, ColumnType } from '../values.ts'
import { findColumns, stepProblem, withColumn } from './columns.ts'

/** A column and how each row gets its value. */
export interface Computed {
  readonly column: Column
  readonly value: Sql
}

/**
 * The rows with columns computed from the ones they have: each takes the place of the column with its name, or comes last. All see
 * the columns from before. Rows keep their order.
 */
export function withComputed(input: Relation, list: readonly Computed[], context: SqlContext): Relation {
  if (list.length === 0) return input
  const computed = list.map(({ column, value }) => ({ column: context.fresh(column), value }))
  const values = computed.map(({ column, value }) => sql`${value} AS ${ref(column)}`)
  return {
    ...input,
    from: context.computed(select(joinSql([carried(input), ...values], ', '), input.from)),
    columns: computed.reduce<readonly SqlColumn[]>((columns, { column }) => withColumn(columns, column), input.columns),
  }
}

/** The columns of these names, which must be of one of the types. Errors: `pipeline_invalid`, naming the step and the column. */
export function findTyped(
  step: AnyStep,
  names: readonly string[],
  { input, types }: { input: readonly Column[]; types: readonly ColumnType[] },
): Column[] {
  const found = findColumns(step, names, input)
  const other = found.find(({ type }) => !types.includes(type))
  if (other === undefined) return found
  const message = `it needs ${types.join(' or ')}, and the column "${other.name}" is ${other.type}.`
  throw stepProblem(step, message, { column: other.name })
}
