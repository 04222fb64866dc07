import type { Cell, Column } from './api/types.ts'

export type Condition =
  | { readonly and: readonly Condition[] }
  | { readonly column: string; readonly operator: 'eq' | 'ne' | 'matches' | 'notmatches'; readonly value: Cell }
  | { readonly column: string; readonly operator: 'in' | 'nin'; readonly value: readonly Cell[] }
  | { readonly column: string; readonly operator: 'isnull' | 'notnull' }

export type Order = 'asc' | 'desc'

export interface SortColumn {
  readonly column: string
  readonly order: Order
}

interface Aggregation {
  readonly newcolumns: readonly string[]
  readonly aggfunction: 'count' | 'sum' | 'avg'
  readonly columns: readonly string[]
}

export type DomainStep = { readonly name: 'domain'; readonly domain: string }

/** The pipeline steps that the console's dashboards use. */
export type Step =
  | DomainStep
  | { readonly name: 'filter'; readonly condition: Condition }
  | { readonly name: 'sort'; readonly columns: readonly SortColumn[] }
  | { readonly name: 'top'; readonly rankOn: string; readonly sort: Order; readonly limit: number }
  | {
      readonly name: 'aggregate'
      readonly on: readonly string[]
      readonly aggregations: readonly Aggregation[]
      readonly countNulls?: boolean
    }
  | { readonly name: 'formula'; readonly newColumn: string; readonly formula: string }
  | {
      readonly name: 'join'
      readonly rightPipeline: readonly [DomainStep, ...Step[]]
      readonly type: 'inner' | 'left'
      readonly on: readonly (readonly [string, string])[]
    }

/** The whole pipeline: the domain, the page's common filter where one is chosen, then the steps of the chart or table. */
export function pipelineOf(domain: string, filter: Condition | null, steps: readonly Step[]): readonly Step[] {
  return [
    { name: 'domain', domain },
    ...(filter === null ? [] : [{ name: 'filter', condition: filter } as const]),
    ...steps,
  ]
}

/** Counts rows by `on` into `into`; rows without a value count too. */
export function countBy(on: readonly [string, ...string[]], into: string): Step {
  return {
    name: 'aggregate',
    on,
    aggregations: [{ newcolumns: [into], aggfunction: 'count', columns: [on[0]] }],
    countNulls: true,
  }
}

export function topBy(rankOn: string, limit: number): Step {
  return { name: 'top', rankOn, sort: 'desc', limit }
}

/** The rows where a column has one value; null is a value too. */
export function isValue(column: string, value: Cell): Condition {
  return value === null ? { column, operator: 'isnull' } : { column, operator: 'eq', value }
}

export function sortSteps(sort: SortColumn | null): readonly Step[] {
  return sort === null ? [] : [{ name: 'sort', columns: [sort] }]
}

/** What a press on a column's head does: ascending, then descending, then unsorted. Another column starts ascending. */
export function nextSort(current: SortColumn | null, column: string): SortColumn | null {
  if (current?.column !== column) return { column, order: 'asc' }
  return current.order === 'asc' ? { column, order: 'desc' } : null
}

/** `wanted`, or `wanted` with underscores behind it until no column has that name. */
export function freeName(wanted: string, columns: readonly Column[]): string {
  return columns.some((column) => column.name === wanted) ? freeName(`${wanted}_`, columns) : wanted
}
