import type { Cell, Row } from '../api/types.ts'
import type { ChartSpec } from '../dashboards/index.ts'
import { sumByMonth } from './months.ts'

/** The numbers of a chart, ready to draw and to read out: `series[…].values` run along `categories`. */
export interface ChartData {
  readonly categories: readonly string[]
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[]
}

export function chartData(spec: ChartSpec, rows: readonly Row[]): ChartData {
  if (spec.category.by === 'month') return monthly(spec, rows)
  const categories = inOrder(distinct(rows, spec.category.column), spec.category.order ?? [])
  const names = spec.series ? inOrder(distinct(rows, spec.series.column), spec.series.order) : [spec.value.label]
  const values = new Map(rows.map((row) => [cellKey(spec, row), numeric(row[spec.value.column])]))
  return {
    categories,
    series: names.map((name) => ({
      name,
      values: categories.map((category) => values.get(key(category, spec.series ? name : '')) ?? null),
    })),
  }
}

/** Nothing to compare: every category stands for a single row. */
export function isAllOnes({ categories, series }: ChartData): boolean {
  return categories.length > 1 && series.every(({ values }) => values.every((value) => value === 1))
}

function monthly(spec: ChartSpec, rows: readonly Row[]): ChartData {
  const months = sumByMonth(rows.map((row) => [row[spec.category.column] ?? null, numeric(row[spec.value.column])]))
  return {
    categories: months.map(({ month }) => month),
    series: [{ name: spec.value.label, values: months.map(({ sum }) => sum) }],
  }
}

function cellKey(spec: ChartSpec, row: Row): string {
  return key(label(row[spec.category.column]), spec.series ? label(row[spec.series.column]) : '')
}

function key(category: string, series: string): string {
  return JSON.stringify([category, series])
}

function distinct(rows: readonly Row[], column: string): readonly string[] {
  return [...new Set(rows.map((row) => label(row[column])))]
}

function inOrder(values: readonly string[], order: readonly string[]): readonly string[] {
  return [...order.filter((value) => values.includes(value)), ...values.filter((value) => !order.includes(value))]
}

function label(value: Cell | undefined): string {
  return value === null || value === undefined ? '(no value)' : String(value)
}

/** Integers beyond ±(2^53−1) come as texts: close enough for a drawing. */
function numeric(value: Cell | undefined): number | null {
  if (typeof value === 'number') return value
  const parsed = typeof value === 'string' && value !== '' ? Number(value) : Number.NaN
  return Number.isFinite(parsed) ? parsed : null
}
