import type { Batch, Column, ColumnType, Slice, SliceRequest, Stats, Value } from '../pipeline/index.ts'
import type { NativeDocument } from '../rows/index.ts'

/** Documents of a native query as rows: what is no plain value is its JSON text. */
export function batchOf(documents: readonly NativeDocument[]): Batch {
  const columns = columnsOf(documents)
  return {
    columns,
    rows: documents.map((document) => columns.map(({ name, type }) => cellOf(document[name], type))),
  }
}

/** A page of documents as they are, objects and lists in them included. */
export function sliceOf(documents: readonly NativeDocument[], slice: SliceRequest, stats: Stats): Slice {
  const { offset, limit, maxRows } = slice
  const most = Math.min(limit ?? maxRows, maxRows)
  const page = documents.slice(offset, offset + most)
  const columns = columnsOf(documents)
  const rows = page.map((document) => {
    const members = columns.map(({ name }) => `${JSON.stringify(name)}:${jsonOf(document[name])}`)
    return `{${members.join(',')}}`
  })
  const truncated = most !== limit && documents.length > offset + most
  return {
    columns,
    rows: Buffer.from(`[${rows.join(',')}]`),
    count: page.length,
    page: { offset, limit, total: documents.length, truncated },
    stats,
  }
}

/** Every name, in the order in which they are first seen, with the type that all its values fit. */
function columnsOf(documents: readonly NativeDocument[]): Column[] {
  const types = new Map<string, ColumnType | undefined>()
  for (const document of documents) {
    for (const [name, value] of Object.entries(document)) types.set(name, wider(types.get(name), typeOf(value)))
  }
  return [...types].map(([name, type]) => ({ name, type: type ?? 'text' }))
}

function wider(known: ColumnType | undefined, type: ColumnType | undefined): ColumnType | undefined {
  if (known === undefined || type === undefined || known === type) return known ?? type
  const both = [known, type]
  return both.every((one) => one === 'integer' || one === 'number') ? 'number' : 'text'
}

function typeOf(value: unknown): ColumnType | undefined {
  if (value === null || value === undefined) return undefined
  if (value instanceof Date) return 'date'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return 'integer'
  return typeof value === 'number' ? 'number' : 'text'
}

function cellOf(value: unknown, type: ColumnType): Value {
  if (value === null || value === undefined) return null
  if (type === 'number') return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null
  if (type !== 'text') return value as Value
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'object' ? jsonOf(value) : String(value)
}

/** JSON as every engine writes it: dates in UTC, integers beyond ±(2^53−1) as texts, what is no number as null. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value ?? null, (_, inner: unknown) => {
    if (typeof inner !== 'bigint') return inner
    return Number.isSafeInteger(Number(inner)) ? Number(inner) : String(inner)
  })
}
