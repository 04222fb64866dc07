import type { SqlDialect } from '../sql/dialect.ts'
import type { Sql } from '../sql/fragment.ts'
import type { AnyStep } from '../step.ts'
import type { Column, ColumnType } from '../values.ts'
import { findColumns, stepProblem } from './columns.ts'

export function isNumeric(type: ColumnType | undefined): type is 'integer' | 'number' {
  return type === 'integer' || type === 'number'
}

/** The columns of these names, which have to hold numbers. Errors: `pipeline_invalid` that names the step and the column. */
export function findNumbers(
  step: AnyStep,
  names: readonly string[],
  input: readonly Column[],
): { readonly name: string; readonly type: 'integer' | 'number' }[] {
  return findColumns(step, names, input).map(({ name, type }) => {
    if (isNumeric(type)) return { name, type }
    throw stepProblem(step, `it needs numbers, and the column "${name}" is ${type}.`, { column: name })
  })
}

/** The type that holds values of all these types: theirs if they agree, numbers for integers and numbers, otherwise text. */
export function commonType(types: readonly ColumnType[]): ColumnType {
  const [first = 'text', ...rest] = types
  if (rest.every((type) => type === first)) return first
  return types.every(isNumeric) ? 'number' : 'text'
}

/** A value of one type as the common type of it and others. */
export function widened(value: Sql, { from, to }: { from: ColumnType; to: ColumnType }, dialect: SqlDialect): Sql {
  if (from === to) return value
  return to === 'number' ? dialect.groups.double(value) : dialect.textOf(value, from)
}
