import { Problem } from '../base/index.ts'

const collectionName = /^[a-z][a-z0-9_]{0,62}$/
const fieldName = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/
const longestField = 200

/** Whether filters can name this: one or more parts with dots between them. */
export function isField(field: string): boolean {
  return field.length <= longestField && fieldName.test(field)
}

/** The name of a collection in its database: the prefix keeps it apart from our own names and the database's. */
export function keptName(collection: string): string {
  if (!collectionName.test(collection)) throw new Problem('internal', `"${collection}" cannot name a collection.`)
  return `c_${collection}`
}

/** The parts of a field. Errors: `internal` when it is none; so nothing in it means anything to a database. */
export function fieldParts(field: string): string[] {
  if (typeof field === 'string' && isField(field)) return field.split('.')
  throw new Problem('internal', `"${field}" cannot name a field of a document.`)
}
