import { guesses } from '../dates/reading.ts'
import { carried, columnOf, ref, type SqlContext } from '../sql/context.ts'
import { type Sql, sql } from '../sql/fragment.ts'
import { readDates } from '../sql/read-date.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import type { AnyStep } from '../step.ts'
import type { Column } from '../values.ts'
import { findColumns, stepProblem } from './columns.ts'

/** The columns of dates with these names. Errors: `pipeline_invalid` for one that is missing or of another type. */
export function findDates(step: AnyStep, names: readonly string[], input: readonly Column[]): Column[] {
  return findColumns(step, names, input).map((column) => {
    if (column.type === 'date') return column
    const message = `the column "${column.name}" should hold dates, and it is ${column.type}; "todate" makes dates of it.`
    throw stepProblem(step, message, { column: column.name })
  })
}

/** The same, where a column of texts will do: they are read as `todate` reads them without a format. */
export function findDatesOrTexts(step: AnyStep, names: readonly string[], input: readonly Column[]): Column[] {
  const columns = findColumns(step, names, input)
  findDates(
    step,
    columns.filter(({ type }) => type !== 'text').map(({ name }) => name),
    input,
  )
  return columns
}

/** The columns that `findDatesOrTexts` accepted, as dates, with what to select them and the carried columns from. */
export function datesOf(
  names: readonly string[],
  input: Relation,
  context: SqlContext,
): { readonly dates: readonly SqlColumn[]; readonly from: Relation['from'] } {
  let { from } = input
  let list = carried(input)
  const dates = names.map((name) => {
    const column = columnOf(input, name)
    if (column.type === 'date') return column
    const read = readDates({ text: textOf(column, context), carried: list, from }, guesses, context)
    const date = context.fresh({ name, type: 'date' })
    from = context.computed(sql`SELECT ${list}, ${read.date} AS ${ref(date)} FROM ${read.from}`)
    list = sql`${list}, ${ref(date)}`
    return date
  })
  return { dates, from }
}

/** A column as text; one of texts too, since databases have types of texts that their functions do not take. */
export function textOf(column: SqlColumn, { dialect }: SqlContext): Sql {
  return dialect.textOf(ref(column), column.type)
}
