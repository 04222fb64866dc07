import { isObject } from '../../src/base/index.ts'

/**
 * What pipeline.md says about the order of a pipeline's rows: nothing (null), or the columns that they are ordered by. Rows that are
 * equal in all of these may come in any order; with `ties: null` none may.
 */
export type RowOrder = { readonly ties: readonly string[] | null } | null

type RawStep = Readonly<Record<string, unknown>>

const strict: RowOrder = { ties: null }

/** Steps that leave rows where they are and values as they are. */
const keeping = new Set(['filter', 'select', 'delete', 'join'])

/** Steps that give an order, with the columns that decide it. */
const ordering: Readonly<Record<string, (step: RawStep) => RowOrder>> = {
  sort: (step) => ({ ties: list(step.columns).map((item) => String(isObject(item) ? item.column : item)) }),
  top: (step) => ({ ties: [...texts(step.groups), String(step.rank_on ?? step.rankOn)] }),
  aggregate: (step) => ({ ties: texts(step.on) }),
  cumsum: (step) => ({ ties: [String(step.reference_column ?? step.referenceColumn)] }),
  rank: (step) => {
    const value = String(step.value_col ?? step.valueCol)
    return { ties: [String(step.new_column_name ?? step.newColumnName ?? `${value}_RANK`)] }
  },
  movingaverage: (step) => ({ ties: [...texts(step.groups), String(step.column_to_sort ?? step.columnToSort)] }),
  waterfall: () => strict,
  rollup: () => strict,
  totals: () => strict,
  addmissingdates: () => strict,
}

/** Steps after which rows come in no particular order, whatever it was before. */
const scattering = new Set([
  'append',
  'argmax',
  'argmin',
  'custom',
  'customsql',
  'dissolve',
  'evolution',
  'hierarchy',
  'pivot',
  'statistics',
  'uniquegroups',
])

/** The order of the rows after these steps, as far as it is defined. */
export function rowOrder(steps: readonly unknown[]): RowOrder {
  return steps.filter(isObject).reduce<RowOrder>(orderAfter, null)
}

function orderAfter(before: RowOrder, step: RawStep): RowOrder {
  const name = String(step.name)
  if (name === 'aggregate' && (step.keep_original_granularity ?? step.keepOriginalGranularity) === true) return before
  const order = ordering[name]
  if (order) return order(step)
  if (scattering.has(name)) return null
  if (before === null || before.ties === null || keeping.has(name)) return before
  if (name === 'rename') return { ties: before.ties.map((column) => renamed(column, step)) }
  // Other steps may write over a column that decides the order: then equal values no longer tell which rows were equal.
  const mentioned = JSON.stringify(step)
  return before.ties.some((column) => mentioned.includes(JSON.stringify(column))) ? strict : before
}

function renamed(column: string, step: RawStep): string {
  const pairs = list(step.to_rename ?? step.toRename ?? [[step.oldname, step.newname]])
  const pair = pairs.find((item) => Array.isArray(item) && item[0] === column)
  return Array.isArray(pair) ? String(pair[1]) : column
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function texts(value: unknown): string[] {
  return list(value).map(String)
}
