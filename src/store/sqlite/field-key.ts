import { fieldParts, keptName } from '../names.ts'

/** The key of a field that is null or absent: less than every number, and not a number that JSON can hold. */
export const nullKey = '-9e999'
/** The least text and the least blob: where the keys of numbers and of texts end. */
export const leastText = "''"
export const leastBlob = "x''"
export const booleanKeys = { true: "x'74'", false: "x'66'" } as const

/** The table of a collection, quoted. */
export function tableOf(collection: string): string {
  return `"${keptName(collection)}"`
}

/** A field as a JSON path in an SQL text literal. The names of fields have no character that could end either of the two. */
export function pathOf(field: string): string {
  return `'$.${fieldParts(field)
    .map((part) => `"${part}"`)
    .join('.')}'`
}

/**
 * SQL for what a field is compared, sorted and indexed by. Never null. Each type has its own storage class, so that SQLite's
 * comparisons never cross types: null and absent are −∞, numbers numbers, texts texts, and booleans, lists and objects blobs.
 * Their order is therefore: nothing, numbers, texts, the rest.
 */
export function keyOf(field: string): string {
  if (field === 'id') return 'id'
  const path = pathOf(field)
  return (
    `case json_type(doc, ${path}) when 'text' then doc ->> ${path} when 'integer' then doc ->> ${path} ` +
    `when 'real' then doc ->> ${path} when 'true' then ${booleanKeys.true} when 'false' then ${booleanKeys.false} ` +
    `when 'array' then cast(doc -> ${path} as blob) when 'object' then cast(doc -> ${path} as blob) else ${nullKey} end`
  )
}
