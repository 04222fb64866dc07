/** Column types, the same on every engine. `integer` is 64 bit, `date` an instant in UTC with milliseconds. Null belongs to each. */
export type ColumnType = 'integer' | 'number' | 'text' | 'boolean' | 'date'

export interface Column {
  readonly name: string
  readonly type: ColumnType
}

/** A cell or a constant. Integers beyond ±(2^53−1) are bigint, dates are `Date`; absent is null everywhere. */
export type Value = null | boolean | number | bigint | string | Date
