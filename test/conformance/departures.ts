import { existsSync } from 'node:fs'
import { isObject } from '../../src/base/index.ts'
import type { ConformanceCase } from './load-cases.ts'
import { readDataFile } from './read-file.ts'
import { readTable, type Table } from './table.ts'

/** A fixture whose expectation is not what we give, and why. */
export interface Departure {
  readonly file: string
  /** The sentence of our semantics that the fixture contradicts. */
  readonly rule: string
  /** The engines that it holds for; undefined: every one. */
  readonly engines: readonly string[] | undefined
  /** The rows that we give instead, or that we refuse. */
  readonly instead: { readonly rows: unknown } | { readonly refused: string }
}

/** Reads departures.yaml: a list of `{ file, rule, rows | refused, engines? }`. Errors: an entry that says too little or too much. */
export function loadDepartures(path: string): Departure[] {
  if (!existsSync(path)) return []
  const entries = readDataFile(path) ?? []
  if (!Array.isArray(entries)) throw new Error('The departures are a list.')
  return entries.map(readDeparture)
}

function readDeparture(raw: unknown): Departure {
  if (!isObject(raw) || typeof raw.file !== 'string') throw new Error('A departure names its "file".')
  const { file, rule, rows, refused, engines, ...rest } = raw
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) throw new Error(`${file}: there is no "${unknown}" in a departure.`)
  if (typeof rule !== 'string' || rule === '') throw new Error(`${file}: a departure needs its "rule".`)
  if ((rows === undefined) === (refused === undefined)) throw new Error(`${file}: give "rows" or "refused".`)
  return {
    file,
    rule,
    engines: Array.isArray(engines) ? engines.map(String) : undefined,
    instead: refused === undefined ? { rows } : { refused: String(refused) },
  }
}

export function departureFor(departures: readonly Departure[], file: string, engine: string): Departure | undefined {
  return departures.find((departure) => departure.file === file && (departure.engines?.includes(engine) ?? true))
}

/** The rows of a departure, as a table with the types of the fixture's expectation where it has the column. */
export function departedTable(departed: unknown, { expected }: ConformanceCase): Table {
  const rows = Array.isArray(departed) ? departed.filter(isObject) : []
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const known = new Map(expected.columns.map(({ name, type }) => [name, type === 'date' ? 'datetime' : 'any']))
  const columns = names.length > 0 ? names : expected.columns.map(({ name }) => name)
  return readTable({
    schema: { fields: columns.map((name) => ({ name, type: known.get(name) ?? 'any' })) },
    data: rows,
  })
}
