import { join } from 'node:path'
import { Problem } from '../../../base/index.ts'
import type { Bench } from '../build-version.ts'
import { kindOf } from '../failure.ts'
import type { StagedColumn } from '../fill-table.ts'
import { columnId, quoteText } from '../quoting.ts'
import { findTypes } from './column-types.ts'
import { type Dialect, findDialect } from './dialect.ts'
import { refuseRejected, tooLongRow } from './rejects.ts'
import { beginningOf, copyAsUtf8, encodingOf, invalidFile, isBlank } from './text-file.ts'

/** The longest row that is read: what DuckDB holds of a file at a time is a small multiple of it. */
const longestRowBytes = 4 * 1024 * 1024
/** The beginning of a file that must hold its header, and shows how it is written. */
const headerBytes = 1024 * 1024
const bufferBytes = 2 * longestRowBytes

interface CsvFile {
  readonly path: string
  readonly dialect: Dialect
}

/**
 * Stages a CSV file. Encoding, separator and quote are found; the first row is the header; types are found over all rows.
 * Errors: `csv_invalid` with the places.
 */
export async function stageCsv(
  { path, maxColumns }: { path: string; maxColumns: number },
  bench: Bench,
): Promise<readonly StagedColumn[]> {
  const readable = await inUtf8(path, bench)
  if (await isBlank(readable, bench.signal)) throw invalidFile('The file is empty.')
  const file = await loadWithAnyNewlines(readable, { maxColumns, bench })
  const names = await takeHeader(bench)
  checkNames(names)
  return findTypes(bench.session, { names, separator: file.dialect.separator }, bench.signal)
}

async function inUtf8(path: string, { folder, signal }: Bench): Promise<string> {
  const encoding = await encodingOf(path, signal)
  if (encoding === 'utf-8') return path
  const copy = join(folder, 'utf-8.csv')
  await copyAsUtf8({ path, encoding }, { path: copy, newlines: false, signal })
  return copy
}

interface Loading {
  readonly maxColumns: number
  readonly bench: Bench
}

/** DuckDB reads strictly only files whose lines all end alike. Others are rare, and are read from a copy whose lines do. */
async function loadWithAnyNewlines(path: string, loading: Loading): Promise<CsvFile> {
  const { bench } = loading
  try {
    return await load(path, loading)
  } catch (error) {
    if (kindOf(error) !== 'Invalid Input') throw error
    if (isTooLong(error)) throw invalidFile(tooLongRow(longestRowBytes))
    const copy = join(bench.folder, 'newlines.csv')
    await copyAsUtf8({ path, encoding: 'utf-8' }, { path: copy, newlines: true, signal: bench.signal })
    return load(copy, loading).catch((again) => {
      if (kindOf(again) !== 'Invalid Input') throw again
      throw invalidFile('The file cannot be read as a table: its lines and quotes do not fit together.')
    })
  }
}

function isTooLong(error: unknown): boolean {
  return error instanceof Error && /Maximum line size of \d+ bytes exceeded/.test(error.message)
}

async function load(path: string, { maxColumns, bench }: Loading): Promise<CsvFile> {
  const { text, isWhole } = await beginningOf(path, headerBytes)
  const dialect = findDialect(text.toString(), isWhole)
  if (dialect === null)
    throw invalidFile(`The header does not end within the first ${headerBytes / 1024} KiB.`, { line: 1 })
  if (dialect.width > maxColumns) {
    throw invalidFile(`The header has ${dialect.width} names; a table can have ${maxColumns} columns.`, { line: 1 })
  }
  await bench.session.run(`CREATE TABLE stage.main.data AS FROM ${reader(path, dialect)}`, bench.signal)
  await refuseRejected(bench.session, { path, width: dialect.width, longestRowBytes }, bench.signal)
  return { path, dialect }
}

/** DuckDB guesses nothing here: what it finds in a part of the file must not change how the rest is read. */
function reader(path: string, dialect: Dialect): string {
  const columns = Array.from({ length: dialect.width }, (_, position) => `${columnId(position)}: 'VARCHAR'`)
  // The header is read as a row like others, because DuckDB would change names that are empty or repeated.
  return `read_csv(${quoteText(path)}, auto_detect = false, header = false, skip = 0, strict_mode = true,
delim = ${quoteText(dialect.separator)}, quote = ${quoteText(dialect.quote)}, escape = ${quoteText(dialect.escape)}, columns = {${columns.join(', ')}},
store_rejects = true, rejects_limit = 1000, max_line_size = ${longestRowBytes}, buffer_size = ${bufferBytes})`
}

async function takeHeader({ session, signal }: Bench): Promise<readonly string[]> {
  const result = await session.run('FROM stage.main.data WHERE rowid = 0', signal)
  await session.run('DELETE FROM stage.main.data WHERE rowid = 0', signal)
  return ((await result.getRows())[0] ?? []).map((name) => (name === null ? '' : String(name)))
}

/** Names stay as they were sent; names that differ only in their case are different. */
function checkNames(names: readonly string[]): void {
  if (names.every((name) => name.trim() === ''))
    throw invalidFile('The file has no header: its first row has no names.')
  const seen = new Set<string>()
  const errors = names.flatMap((name, position) => {
    const repeated = seen.has(name)
    seen.add(name)
    if (name.trim() === '') return [{ message: `Column ${position + 1} has no name in the header.` }]
    return repeated ? [{ message: `The name "${name}" stands more than once in the header.`, column: name }] : []
  })
  if (errors.length === 0) return
  throw new Problem('csv_invalid', errors[0]?.message ?? '', {
    errors: errors.slice(0, 10).map((error) => ({ path: '/file', line: 1, ...error })),
  })
}
