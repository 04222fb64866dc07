import type { Step } from '../pipelines.ts'

/** A chart as data: a pipeline and how its columns are drawn. Charts hold no code of their own. */
export interface ChartSpec {
  readonly id: string
  readonly title: string
  /** What is counted, in which unit, and what is left out. */
  readonly note: string
  readonly kind: 'line' | 'bars' | 'stacked-bars'
  /** Steps after the domain and the page's filter. */
  readonly steps: readonly Step[]
  readonly category: CategorySpec
  readonly value: ValueSpec
  /** Splits each bar; only for `stacked-bars`. */
  readonly series?: SeriesSpec
  /** Said in place of the chart where every value is 1. */
  readonly whenAllOnes?: string
}

export interface CategorySpec {
  readonly column: string
  readonly label: string
  /** Values that come first, in this order; others follow as the rows have them. */
  readonly order?: readonly string[]
  /** The column holds dates: sums the values of each month, and months without rows are 0. */
  readonly by?: 'month'
}

export interface ValueSpec {
  readonly column: string
  /** Name of the axis, with its unit. */
  readonly label: string
  /** Digits behind the point; 0 unless told. */
  readonly digits?: number
}

export interface SeriesSpec {
  readonly column: string
  readonly label: string
  readonly order: readonly string[]
}

export interface Dashboard {
  readonly title: string
  /** The text column that the page's common filter chooses a value of. */
  readonly filter: { readonly column: string; readonly label: string } | null
  readonly charts: readonly ChartSpec[]
}
