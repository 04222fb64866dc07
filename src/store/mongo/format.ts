import type { Db } from 'mongodb'
import { Problem } from '../../base/index.ts'
import { duplicateKey, hasCode } from './indexes.ts'

/** How documents are kept (see `Kept`). A program that changes it raises the number and brings the step from the one before. */
const format = 1

interface Meta {
  readonly _id: string
  readonly value: number
}

/** Marks an empty database. Errors: `storage_failed` for one of a newer program; the driver's, as when nothing may be written. */
export async function checkFormat(db: Db): Promise<void> {
  const meta = db.collection<Meta>('meta')
  const marking = meta.updateOne({ _id: 'format' }, { $setOnInsert: { value: format } }, { upsert: true })
  await marking.catch((error: unknown) => {
    // Another process marked it this moment.
    if (!hasCode(error, duplicateKey)) throw error
  })
  const found = await meta.findOne({ _id: 'format' })
  const value = Number(found?.value)
  if (value <= format) return
  throw new Problem(
    'storage_failed',
    `The database "${db.databaseName}" has format ${value}, and this program knows formats up to ${format}: a newer program wrote it. ` +
      'Start that program, or name another database in `mongo.database`.',
  )
}
