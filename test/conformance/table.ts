import { isObject } from '../../src/base/index.ts'
import type { Column, ColumnType, Value } from '../../src/pipeline/index.ts'
import { geoTable } from './geo-table.ts'
import { instantOf } from './instant.ts'

/** Rows as they are in a fixture: one value for each column, absent ones null. */
export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Value[])[]
}

type RawRow = Readonly<Record<string, unknown>>

/** What the fixtures' types mean for us. `any` and what is not listed is found from the values. */
const types: Readonly<Record<string, ColumnType>> = {
  string: 'text',
  integer: 'integer',
  number: 'number',
  boolean: 'boolean',
  datetime: 'date',
  date: 'date',
}

/**
 * A table of a fixture: `{ schema: { fields }, data: [row, …] }`, `{ schema: 'geojson', data: FeatureCollection }`, or only rows.
 * Columns that the schema does not have are left out. Errors: what is wrong with it.
 */
export function readTable(raw: unknown): Table {
  if (Array.isArray(raw)) return fromRows(raw.map(asRow), undefined)
  if (!isObject(raw)) throw new Error('A table is an object with "schema" and "data".')
  if (raw.schema === 'geojson' || raw.type === 'FeatureCollection') return geoTable(raw.type ? raw : raw.data)
  if (!Array.isArray(raw.data)) throw new Error('The "data" of a table is a list of rows.')
  const fields = isObject(raw.schema) && Array.isArray(raw.schema.fields) ? raw.schema.fields.map(asRow) : undefined
  return fromRows(raw.data.map(asRow), fields)
}

/** A table without one of its columns. */
export function withoutColumn(table: Table, name: string): Table {
  const at = table.columns.findIndex((column) => column.name === name)
  if (at < 0) return table
  return {
    columns: table.columns.filter((_, index) => index !== at),
    rows: table.rows.map((row) => row.filter((_, index) => index !== at)),
  }
}

function asRow(raw: unknown): RawRow {
  if (!isObject(raw)) throw new Error('A row of a table is an object.')
  return raw
}

function fromRows(rows: readonly RawRow[], fields: readonly RawRow[] | undefined): Table {
  const said = fields?.map(({ name, type }) => ({ name: String(name), type: types[String(type)] }))
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const columns = (said ?? names.map((name) => ({ name, type: undefined }))).map(({ name, type }) => {
    const cells = rows.map((row) => cellOf(row[name], type))
    return { name, type: typeOf(cells, type), cells }
  })
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: rows.map((_, index) => columns.map(({ cells, type }) => typedAs(cells[index] ?? null, type))),
  }
}

/** A value as it stands, with what its column says: dates as texts or epoch numbers, `"nan"` among numbers. */
function cellOf(raw: unknown, type: ColumnType | undefined): Value {
  if (raw === null || raw === undefined || (typeof raw === 'number' && Number.isNaN(raw))) return null
  if (type === 'date') return instantOf(raw)
  if ((type === 'number' || type === 'integer') && typeof raw === 'string' && /^nan$/i.test(raw)) return null
  if (typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean' || typeof raw === 'bigint')
    return raw
  return raw instanceof Date ? raw : JSON.stringify(raw)
}

/** The schema's type where the values are of it, otherwise the one that fits them: the fixtures' schemas are often wrong. */
function typeOf(cells: readonly Value[], said: ColumnType | undefined): ColumnType {
  const values = cells.filter((cell) => cell !== null)
  if (values.length === 0) return said ?? 'text'
  const all = (test: (value: Value) => boolean): boolean => values.every(test)
  if (all((value) => value instanceof Date)) return 'date'
  if (all((value) => typeof value === 'boolean')) return 'boolean'
  if (all(isWhole)) return said === 'number' ? 'number' : 'integer'
  if (all((value) => typeof value === 'number' || typeof value === 'bigint')) return 'number'
  return 'text'
}

function isWhole(value: Value): boolean {
  return typeof value === 'bigint' || Number.isInteger(value)
}

function typedAs(value: Value, type: ColumnType): Value {
  if (value === null) return null
  if (type === 'text' && typeof value !== 'string') return value instanceof Date ? value.toISOString() : String(value)
  return type === 'number' ? Number(value) : value
}
