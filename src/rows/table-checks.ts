import { Problem } from '../base/index.ts'
import type { Batch, Column } from '../pipeline/index.ts'

/** What every adapter asks of the columns of a version. Errors: `storage_failed`. */
export function checkColumns(columns: readonly Column[], most: number): void {
  const names = new Set(columns.map(({ name }) => name))
  if (columns.length === 0 || columns.length > most) {
    throw new Problem('storage_failed', `A table has between 1 and ${most} columns, not ${columns.length}.`)
  }
  if (names.size < columns.length || names.has('')) {
    throw new Problem('storage_failed', 'The columns of a table have names, each its own.')
  }
}

/** Batches have the columns that were announced. Errors: `storage_failed`. */
export function checkBatch(batch: Batch, columns: readonly Column[]): void {
  const same =
    batch.columns.length === columns.length &&
    batch.columns.every(
      ({ name, type }, position) => name === columns[position]?.name && type === columns[position]?.type,
    )
  if (!same) throw new Problem('storage_failed', 'The rows to write do not have the columns that were announced.')
}

export function wrongType({ name, type }: Column): Problem {
  return new Problem('storage_failed', `A value of the column "${name}" is not of its type, ${type}.`)
}
