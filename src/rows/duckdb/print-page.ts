import type { DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api'
import type { Column, ColumnType, Value } from '../../pipeline/index.ts'
import { toValue } from './cells.ts'

/**
 * The first `limit` rows of chunks as JSON objects joined by commas; empty without rows. It is printed column by column, which takes half
 * the time of row by row: what a column repeats is printed once, and no row is made.
 */
export function printRows(chunks: readonly DuckDBDataChunk[], columns: readonly Column[], limit: number): Buffer {
  const printers = columns.map(({ name, type }, at) => {
    const key = `${at === 0 ? '{' : ','}${JSON.stringify(name)}:`
    return { key, print: cellPrinter(type) }
  })
  const texts: string[] = []
  for (const chunk of chunks) {
    const first = texts.length
    const end = Math.min(chunk.rowCount, limit - first)
    for (const [at, { key, print }] of printers.entries()) {
      const cells = chunk.getColumnVector(at)
      for (let row = 0; row < end; row++) {
        const before = at === 0 ? '' : texts[first + row]
        texts[first + row] = before + key + print(cells.getItem(row))
      }
    }
    for (let row = first; row < first + end; row++) texts[row] += '}'
  }
  return Buffer.from(texts.join(','))
}

/** As the macros of `json-rows.ts` print it: integers that JavaScript would round are texts. */
function cellPrinter(type: ColumnType): (cell: DuckDBValue) => string {
  if (type !== 'text') return (cell) => printValue(toValue(cell, type))
  const known = new Map<DuckDBValue, string>()
  return (cell) => {
    const printed = known.get(cell)
    if (printed !== undefined) return printed
    const text = printValue(toValue(cell, type))
    known.set(cell, text)
    return text
  }
}

function printValue(value: Value): string {
  return JSON.stringify(typeof value === 'bigint' ? String(value) : value)
}
