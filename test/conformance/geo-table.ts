import { isObject } from '../../src/base/index.ts'
import type { Column, Value } from '../../src/pipeline/index.ts'
import type { Table } from './table.ts'

/** The column that holds the shapes, each as the text of its GeoJSON geometry. */
export const geometryColumn = 'geometry'

/** A FeatureCollection as a table: its properties, and its shapes as texts. */
export function geoTable(raw: unknown): Table {
  if (!isObject(raw) || !Array.isArray(raw.features)) throw new Error('A GeoJSON table is a FeatureCollection.')
  const features = raw.features.map((feature) => {
    if (!isObject(feature)) throw new Error('A feature is an object.')
    const properties = isObject(feature.properties) ? feature.properties : {}
    const { geometry, id } = feature
    return { id, properties, geometry: geometry ? JSON.stringify(geometry) : null }
  })
  const names = new Set(features.flatMap(({ properties }) => Object.keys(properties)))
  const columns = [...names].map((name): { column: Column; values: Value[] } => {
    const values = features.map(({ properties }) => scalar(properties[name]))
    return { column: { name, type: typeOf(values) }, values }
  })
  columns.push({ column: { name: geometryColumn, type: 'text' }, values: features.map(({ geometry }) => geometry) })
  return {
    columns: columns.map(({ column }) => column),
    rows: features.map((_, index) => columns.map(({ values }) => values[index] ?? null)),
  }
}

/** The table with the ids that features of an input have beside their properties, as readers of GeoJSON files give them. */
export function withFeatureIds(table: Table, raw: unknown): Table {
  const collection = isObject(raw) && isObject(raw.data) ? raw.data : raw
  const features = isObject(collection) && Array.isArray(collection.features) ? collection.features : []
  const ids = features.map((feature: unknown) =>
    isObject(feature) && typeof feature.id === 'string' ? feature.id : null,
  )
  if (ids.every((id) => id === null) || table.columns.some(({ name }) => name === 'id')) return table
  return {
    columns: [{ name: 'id', type: 'text' }, ...table.columns],
    rows: table.rows.map((row, index) => [ids[index] ?? null, ...row]),
  }
}

function scalar(value: unknown): Value {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return value
  return value === null || value === undefined ? null : JSON.stringify(value)
}

function typeOf(values: readonly Value[]): Column['type'] {
  const present = values.filter((value) => value !== null)
  if (present.length > 0 && present.every((value) => typeof value === 'boolean')) return 'boolean'
  if (present.length > 0 && present.every((value) => typeof value === 'number'))
    return present.every(Number.isInteger) ? 'integer' : 'number'
  return 'text'
}
