import { createReadStream } from 'node:fs'
import { Problem, type ProblemItem } from '../../../base/index.ts'
import type { Session } from '../session.ts'

/** Rows that are named in the answer. */
const namedRows = 5

interface Rejected {
  /** Where the row begins or the value that is not closed, in bytes from 1. */
  readonly position: number
  readonly kind: string
  readonly found: number | undefined
}

export interface ReadFile {
  readonly path: string
  readonly width: number
  readonly longestRowBytes: number
}

/** Refuses a file some of whose rows were not read. Errors: `csv_invalid` with the lines of the first of them. */
export async function refuseRejected(session: Session, file: ReadFile, signal: AbortSignal): Promise<void> {
  const rejected = await firstRejected(session, signal)
  if (rejected.length === 0) return
  const lines = await linesAt(
    file.path,
    rejected.map(({ position }) => position),
    signal,
  )
  const errors = rejected.map((row, index): ProblemItem => {
    const line = lines[index]
    return { path: '/file', message: reasonOf(row, file), ...(line === undefined ? {} : { line }) }
  })
  throw new Problem('csv_invalid', `Line ${errors[0]?.line}: ${errors[0]?.message}`, { errors })
}

async function firstRejected(session: Session, signal: AbortSignal): Promise<readonly Rejected[]> {
  // A row of too many values is there once for each of them; the last one has counted all. An earlier attempt may have left its own.
  // Of a value that is not closed DuckDB knows the place, but not always that of the row in which it is.
  const result = await session.run(
    `SELECT if(kind = 'UNQUOTED VALUE', value_at, row_at) AS place, arg_max(kind, column_idx), arg_max(message, column_idx)
FROM (SELECT error_type::VARCHAR AS kind, byte_position AS value_at, line_byte_position AS row_at, column_idx,
error_message AS message FROM reject_errors WHERE scan_id = (SELECT max(scan_id) FROM reject_scans))
GROUP BY place ORDER BY place LIMIT ${namedRows}`,
    signal,
  )
  return (await result.getRows()).map(([position, kind, message]) => {
    const found = /Found: (\d+)/.exec(String(message))?.[1]
    return { position: Number(position), kind: String(kind), found: found === undefined ? undefined : Number(found) }
  })
}

function reasonOf({ kind, found }: Rejected, { width, longestRowBytes }: ReadFile): string {
  switch (kind) {
    case 'MISSING COLUMNS':
    case 'TOO MANY COLUMNS':
      return found === undefined
        ? `This row does not have as many values as the header has names (${width}).`
        : `This row has ${counted(found, 'value')}; the header has ${counted(width, 'name')}.`
    case 'UNQUOTED VALUE':
      return 'A quoted value is not closed, or something follows its closing quote.'
    case 'LINE SIZE OVER MAXIMUM':
      return tooLongRow(longestRowBytes)
    default:
      return 'This row cannot be read.'
  }
}

export function tooLongRow(longestRowBytes: number): string {
  return `A row is longer than ${longestRowBytes / 1024 / 1024} MiB; perhaps a quoted value is not closed.`
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/**
 * The lines, from 1, in which bytes stand (positions from 1, ascending). DuckDB counts rows, and a quoted value may have many
 * lines. The byte itself counts as well: of a row that follows CR LF, DuckDB gives the place of that line feed.
 */
async function linesAt(path: string, positions: readonly number[], signal: AbortSignal): Promise<readonly number[]> {
  const lines: number[] = []
  let line = 1
  let read = 0
  let afterReturn = false
  const end = positions.at(-1) ?? 0
  for await (const chunk of createReadStream(path, { end: Math.max(0, end - 1), signal })) {
    for (const byte of chunk as Buffer) {
      if (byte === 13 || (byte === 10 && !afterReturn)) line++
      afterReturn = byte === 13
      read++
      while (positions[lines.length] === read) lines.push(line)
    }
  }
  return lines
}
