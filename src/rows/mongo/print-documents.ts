import type { Document } from 'mongodb'
import type { MongoColumn, Value } from '../../pipeline/index.ts'
import { toValue } from './cells.ts'

/** Makes the text of a row: a JSON object with the columns in their order. Null is written where a field is absent. */
export function documentPrinter(columns: readonly MongoColumn[]): (document: Document) => string {
  const members = columns.map(({ id, name, type }, at) => ({
    ...{ id, type },
    key: `${at === 0 ? '{' : ','}${JSON.stringify(name)}:`,
  }))
  return (document) => {
    let text = ''
    for (const { key, id, type } of members) text += key + printValue(toValue(document[id], type))
    return `${text}}`
  }
}

/** As every engine writes it: integers that readers of JSON would round are texts. */
function printValue(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `"${value}"`
  return value instanceof Date ? `"${value.toISOString()}"` : String(value)
}
