import type { ColumnType, Value } from '../../pipeline/index.ts'

/** A cell of `plainRow` as the value that every engine gives for it. */
export function readCell(text: string | null, type: ColumnType): Value {
  if (text === null) return null
  switch (type) {
    case 'integer':
      return readInteger(text)
    case 'number':
      return finite(Number(text))
    case 'boolean':
      return text === 't' || text === 'true'
    case 'date':
      return readDate(Number(text))
    case 'text':
      return text
  }
}

function readInteger(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

function finite(number: number): number | null {
  return Number.isFinite(number) ? number : null
}

function readDate(ms: number): Date | null {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? null : date
}
