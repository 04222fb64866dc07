import type { DuckDBDataChunk, DuckDBValue } from '@duckdb/node-api'
import type { Column, ColumnType } from '../../pipeline/index.ts'
import {
  addAgain,
  addByte,
  addBytes,
  addInteger,
  addString,
  type ByteText,
  bytesOf,
  createByteText,
} from './byte-text.ts'
import { toValue } from './cells.ts'

/** Writes the key and the value of a cell. */
type Printer = (text: ByteText, cell: DuckDBValue) => void

const comma = 44
const closingBrace = 125

/** The first `limit` rows of chunks as JSON objects joined by commas; empty without rows. */
export function printRows(chunks: readonly DuckDBDataChunk[], columns: readonly Column[], limit: number): Buffer {
  const printers = columns.map(({ name, type }, at) =>
    printerOf(type, Buffer.from(`${at === 0 ? '{' : ','}${JSON.stringify(name)}:`)),
  )
  const text = createByteText()
  let left = limit
  for (const chunk of chunks) {
    const vectors = printers.map((_, at) => chunk.getColumnVector(at))
    const rows = Math.min(chunk.rowCount, left)
    for (let row = 0; row < rows; row++) {
      if (text.length > 0) addByte(text, comma)
      for (let at = 0; at < printers.length; at++) printers[at]?.(text, vectors[at]?.getItem(row) ?? null)
      addByte(text, closingBrace)
    }
    left -= rows
  }
  return bytesOf(text)
}

/** As the macros of `json-rows.ts` print it. */
function printerOf(type: ColumnType, key: Uint8Array): Printer {
  if (type === 'text') return repeating(key)
  return (text, cell) => {
    addBytes(text, key)
    if (typeof cell === 'bigint' || typeof cell === 'number') addNumber(text, cell, type)
    else addString(text, JSON.stringify(toValue(cell, type)))
  }
}

function addNumber(text: ByteText, cell: bigint | number, type: ColumnType): void {
  const number = Number(cell)
  if (Number.isSafeInteger(number)) {
    addInteger(text, number)
    return
  }
  const value = toValue(cell, type)
  // An integer that JavaScript would round is a text.
  addString(text, JSON.stringify(typeof value === 'bigint' ? String(value) : value))
}

/** What a column repeats is printed once, and copied from there. */
function repeating(key: Uint8Array): Printer {
  const printed = new Map<DuckDBValue, { readonly start: number; readonly end: number }>()
  return (text, cell) => {
    const before = printed.get(cell)
    if (before !== undefined) return addAgain(text, before.start, before.end)
    const start = text.length
    addBytes(text, key)
    addString(text, JSON.stringify(toValue(cell, 'text')))
    printed.set(cell, { start, end: text.length })
  }
}
