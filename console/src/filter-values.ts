import type { Answer, Cell, Column } from './api/types.ts'
import { formatCount } from './format.ts'
import { type Condition, countBy, freeName, isValue, type Step, topBy } from './pipelines.ts'

/** One entry of the common filter's list. `id` is stable and says what it is: `all`, `none` (no value) or `is:<value>`. */
export interface FilterValue {
  readonly id: string
  readonly label: string
  readonly condition: Condition | null
}

export const allRows: FilterValue = { id: 'all', label: 'All', condition: null }

/** As many values as a list can bear; the most frequent ones. */
export const mostValues = 500

export function filterValueSteps(column: string, columns: readonly Column[]): readonly Step[] {
  const count = freeName('rows', columns)
  return [countBy([column], count), topBy(count, mostValues), { name: 'sort', columns: [{ column, order: 'asc' }] }]
}

export function filterValues(column: string, columns: readonly Column[], answer: Answer): readonly FilterValue[] {
  const count = freeName('rows', columns)
  return [allRows, ...answer.data.map((row) => filterValue(column, row[column] ?? null, row[count] ?? null))]
}

function filterValue(column: string, value: Cell, count: Cell): FilterValue {
  const name = value === null ? '(no value)' : String(value)
  return {
    id: value === null ? 'none' : `is:${value}`,
    label: typeof count === 'number' ? `${name} (${formatCount(count)})` : name,
    condition: isValue(column, value),
  }
}
