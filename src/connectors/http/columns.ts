import { isObject, type Json } from '../../base/index.ts'
import type { Column, ColumnType, Value } from '../../pipeline/index.ts'

/** A table out of JSON values. */
export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Value[])[]
}

/** The column of rows that are no objects. */
const lone = 'value'
/** With a time zone, so that it is one instant everywhere. */
const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/

/**
 * Columns in the order in which they first appear, each of the one type that all its values have: numbers are integers where all are whole, texts
 * dates where all are full ISO 8601 instants. What is mixed is text; lists and objects are their JSON.
 */
export function tableOf(items: readonly Json[]): Table {
  const records = items.map((item) => (isObject(item) ? (item as { [key: string]: Json }) : { [lone]: item }))
  const names = new Set<string>()
  for (const record of records) for (const name of Object.keys(record)) names.add(name)
  const columns = [...names].map((name) => {
    const type = typeOf(records, name)
    return { column: { name, type }, convert: converters[type] }
  })
  return {
    columns: columns.map(({ column }) => column),
    rows: records.map((record) =>
      columns.map(({ column: { name }, convert }) => {
        const value = Object.hasOwn(record, name) ? record[name] : null
        return value === null || value === undefined ? null : convert(value)
      }),
    ),
  }
}

type Kind = ColumnType | 'json'

function typeOf(records: readonly { readonly [key: string]: Json }[], name: string): ColumnType {
  let found: Kind | undefined
  for (const record of records) {
    const value = Object.hasOwn(record, name) ? record[name] : null
    if (value === null || value === undefined) continue
    found = common(found, kindOf(value))
    if (found === 'json') return 'text'
  }
  return found === undefined || found === 'json' ? 'text' : found
}

function kindOf(value: Exclude<Json, null>): Kind {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? 'integer' : 'number'
    case 'boolean':
      return 'boolean'
    case 'string':
      return instant.test(value) && !Number.isNaN(Date.parse(value)) ? 'date' : 'text'
    default:
      return 'json'
  }
}

function common(a: Kind | undefined, b: Kind): Kind {
  if (a === undefined || a === b) return b
  const both = new Set([a, b])
  if (both.has('integer') && both.has('number')) return 'number'
  return both.has('date') && both.has('text') ? 'text' : 'json'
}

const converters: { readonly [T in ColumnType]: (value: Exclude<Json, null>) => Value } = {
  integer: (value) => Number(value),
  number: (value) => Number(value),
  boolean: (value) => value === true,
  date: (value) => new Date(String(value)),
  text: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
}
