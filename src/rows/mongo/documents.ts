import { BSON } from 'mongodb'
import { Problem } from '../../base/index.ts'
import type { Batch, Column, Value } from '../../pipeline/index.ts'
import { wrongType } from '../table-checks.ts'
import { toBson } from './cells.ts'
import { fieldAt, type RowDocument } from './collections.ts'

/** What MongoDB keeps in one document, in bytes. */
const largestDocument = 16 * 1024 * 1024
/** A text of so many characters cannot be too large, in UTF-8 and with what surrounds it. */
const surelySmall = 5_000_000

/** Makes the documents of rows. Errors: `storage_failed` for values that are not of their column's type, and for rows that are too large. */
export function documentMaker(columns: readonly Column[]) {
  return (rows: Batch['rows'], firstNumber: number): RowDocument[] =>
    rows.map((row, index) => {
      const document: RowDocument = { _id: firstNumber + index }
      let characters = 0
      for (const [position, column] of columns.entries()) {
        const cell = cellOf(row[position], column)
        if (typeof cell === 'string') characters += cell.length
        if (cell !== null) document[fieldAt(position)] = cell
      }
      if (characters > surelySmall) checkSize(document)
      return document
    })
}

function cellOf(value: Value | undefined, column: Column) {
  const cell = value === undefined ? undefined : toBson(value, column.type)
  if (cell === undefined) throw wrongType(column)
  return cell
}

function checkSize(document: RowDocument): void {
  if (BSON.calculateObjectSize(document) <= largestDocument) return
  throw new Problem(
    'storage_failed',
    `Row ${document._id + 1} is larger than the 16 MB that MongoDB keeps in one document.`,
  )
}
