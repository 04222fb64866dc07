import { isObject } from '../../src/base/index.ts'
import type { Value } from '../../src/pipeline/index.ts'
import { geometryColumn } from './geo-table.ts'
import { parseInstant } from './instant.ts'
import type { RowOrder } from './row-order.ts'
import type { Table } from './table.ts'

const relativeTolerance = 1e-5
/** How far from an expected 0 a number may be. */
const zeroTolerance = 1e-8

type Row = readonly Value[]

export interface Strictness {
  readonly order: RowOrder
  /** Columns in their order too, and no two rows in another order than expected once there is one. */
  readonly strict: boolean
}

/**
 * Null when an answer is what was expected: the same columns in any order; the same rows, in their order as far as it is defined;
 * numbers with a tolerance, true and false like 1 and 0, dates as instants. Otherwise what differs, in a few lines.
 */
export function difference(expected: Table, answer: Table, { order, strict }: Strictness): string | null {
  const wanted = expected.columns.map(({ name }) => name)
  const given = answer.columns.map(({ name }) => name)
  if (strict ? wanted.join('\n') !== given.join('\n') : !sameNames(wanted, given))
    return `columns: expected ${listed(wanted)}, got ${listed(given)}`
  const positions = wanted.map((name) => given.indexOf(name))
  const rows = answer.rows.map((row) => positions.map((position) => row[position] ?? null))
  const same = (a: Row, b: Row): boolean => wanted.every((name, at) => sameValue(a[at] ?? null, b[at] ?? null, name))
  const unordered = rowDifference(expected.rows, rows, same)
  if (unordered !== null) return `${listed(wanted)}\n${unordered}`
  return order === null || inOrder(expected.rows, rows, { ties: strict ? null : order.ties, wanted, same })
    ? null
    : orderDifference(expected.rows, rows)
}

interface Ordered {
  readonly ties: readonly string[] | null
  readonly wanted: readonly string[]
  readonly same: (a: Row, b: Row) => boolean
}

/** Either each row is in its place, or the rows that are in another place are equal in the columns that decide. */
function inOrder(expected: readonly Row[], rows: readonly Row[], { ties, wanted, same }: Ordered): boolean {
  if (expected.every((row, index) => same(row, rows[index] ?? []))) return true
  const deciding = ties?.map((name) => wanted.indexOf(name)) ?? [-1]
  if (deciding.includes(-1)) return false
  return expected.every((row, index) =>
    deciding.every((at) => sameValue(row[at] ?? null, rows[index]?.[at] ?? null, wanted[at] ?? '')),
  )
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  const sorted = [...b].sort()
  return a.length === b.length && [...a].sort().every((name, index) => name === sorted[index])
}

/** Null when both have the same rows, each as often. */
function rowDifference(
  expected: readonly Row[],
  rows: readonly Row[],
  same: (a: Row, b: Row) => boolean,
): string | null {
  const rest = [...rows]
  const missing = expected.filter((row) => {
    const at = rest.findIndex((other) => same(row, other))
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
  if (missing.length === 0 && rest.length === 0) return null
  return [
    `${expected.length} rows expected, ${rows.length} given`,
    ...excerpt('-', missing),
    ...excerpt('+', rest),
  ].join('\n')
}

function orderDifference(expected: readonly Row[], rows: readonly Row[]): string {
  return ['the rows come in another order', ...excerpt('-', expected), ...excerpt('+', rows)].join('\n')
}

const shownRows = 3

function excerpt(sign: string, rows: readonly Row[]): string[] {
  const first = rows.slice(0, shownRows).map((row) => `${sign} ${row.map(cellText).join(' | ')}`)
  return rows.length > shownRows ? [...first, `${sign} … ${rows.length - shownRows} more`] : first
}

function cellText(value: Value): string {
  if (value instanceof Date) return value.toISOString()
  const text = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? 'null')
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

function listed(list: readonly string[]): string {
  return list.join(', ')
}

/** Whether a value is the one that was expected. */
export function sameValue(expected: Value, given: Value, column = ''): boolean {
  if (expected === null || given === null) return expected === given
  if (expected instanceof Date || given instanceof Date) return timeOf(expected) === timeOf(given)
  const [a, b] = [asNumber(expected), asNumber(given)]
  if (a !== undefined && b !== undefined)
    return isWhole(a) && isWhole(b) ? BigInt(a) === BigInt(b) : isClose(Number(a), Number(b))
  if (column === geometryColumn) return sameShape(parseShape(expected), parseShape(given))
  return expected === given
}

function timeOf(value: Value): number | undefined {
  if (value instanceof Date) return value.getTime()
  return typeof value === 'string' ? parseInstant(value)?.getTime() : undefined
}

function asNumber(value: Value): number | bigint | undefined {
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'number' || typeof value === 'bigint' ? value : undefined
}

/** Integers are compared exactly; a tolerance is for what was computed with fractions. */
function isWhole(value: number | bigint): boolean {
  return typeof value === 'bigint' || Number.isSafeInteger(value)
}

function isClose(expected: number, given: number): boolean {
  if (expected === given) return true
  if (expected === 0) return Math.abs(given) <= zeroTolerance
  return Math.abs(expected - given) <= relativeTolerance * Math.max(Math.abs(expected), Math.abs(given))
}

function parseShape(value: Value): unknown {
  try {
    return withPlainRings(JSON.parse(String(value)))
  } catch {
    return value
  }
}

/** The shape with each ring of its areas from its first position on, by number, in one direction: they are the same anywhere else. */
function withPlainRings(shape: unknown): unknown {
  if (!isObject(shape)) return shape
  const { type, coordinates, geometries } = shape
  if (Array.isArray(geometries)) return { ...shape, geometries: geometries.map(withPlainRings) }
  if (type === 'Polygon' && Array.isArray(coordinates)) return { ...shape, coordinates: coordinates.map(plainRing) }
  if (type !== 'MultiPolygon' || !Array.isArray(coordinates)) return shape
  const polygons = coordinates.map((rings: unknown) => (Array.isArray(rings) ? rings.map(plainRing) : rings))
  return { ...shape, coordinates: polygons.sort((a, b) => byPosition(firstOf(firstOf(a)), firstOf(firstOf(b)))) }
}

function plainRing(ring: unknown): unknown {
  if (!Array.isArray(ring)) return ring
  const open: unknown[] = ring.slice(0, -1)
  const start = open.reduce<number>((best, item, at) => (byPosition(item, open[best]) < 0 ? at : best), 0)
  const [first, ...rest] = [...open.slice(start), ...open.slice(0, start)]
  const turned = byPosition(rest[0], rest.at(-1)) > 0 ? rest.reverse() : rest
  return [first, ...turned, first]
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : undefined
}

function byPosition(a: unknown, b: unknown): number {
  if (!Array.isArray(a) || !Array.isArray(b)) return 0
  return Number(a[0]) - Number(b[0]) || Number(a[1]) - Number(b[1])
}

function sameShape(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return isClose(a, b)
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameShape(item, b[index]))
  if (!isObject(a) || !isObject(b)) return a === b
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => sameShape(a[key], b[key]))
}
