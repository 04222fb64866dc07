import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'

export type Row = Record<string, string>

function read(file: string): Row[] {
  return parse(readFileSync(join(import.meta.dirname, '..', 'demo', file)), { columns: true, bom: true })
}

/** The independent count: the files themselves, read by another library… */
export const rows = read('birdstrikes.csv')
export const states = read('states.csv')

/** …and the rules of the demo in words of their own. */
export const mine: Readonly<Record<string, (row: Row) => boolean>> = {
  'demo-admin': () => true,
  'demo-contributor': () => true,
  'texas-viewer': (row) => row['Origin State'] === 'Texas',
  'airline-viewer': (row) => row['Aircraft Airline Operator'] === 'DELTA AIR LINES',
  'states-viewer': (row) => ['California', 'Hawaii', 'Florida'].includes(row['Origin State'] ?? ''),
}

export function rowsOf(username: string): Row[] {
  return rows.filter(mine[username] ?? (() => false))
}
