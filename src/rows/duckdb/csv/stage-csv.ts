import { join } from 'node:path'
import { Problem } from '../../../base/index.ts'
import type { Bench } from '../build-version.ts'
import { kindOf } from '../failure.ts'
import type { StagedColumn } from '../fill-table.ts'
import { columnId, quoteText } from '../quoting.ts'
import { findTypes } from './column-types.ts'
import { type Dialect, findDialect } from './dialect.ts'
import { surveyFile } from './survey.ts'
import { beginningOf, copyAsUtf8, encodingOf, invalidFile, isBlank, withoutMark } from './text-file.ts'

/** The longest row that is read: what DuckDB holds of a file at a time is a small multiple of it. */
const longestRowBytes = 4 * 1024 * 1024
/** The beginning of a file that must hold its header, and shows how it is written. */
const headerBytes = 1024 * 1024
const bufferBytes = 2 * longestRowBytes
/** Faults that an answer names. */
const namedFaults = 5

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
  const dialect = await dialectOf(readable, maxColumns)
  await load(await checked(readable, dialect, bench), dialect, bench)
  const names = await takeHeader(bench)
  checkNames(names)
  return findTypes(bench.session, { names, separator: dialect.separator }, bench.signal)
}

async function inUtf8(path: string, { folder, signal }: Bench): Promise<string> {
  const encoding = await encodingOf(path, signal)
  if (encoding === 'utf-8') return path
  const copy = join(folder, 'utf-8.csv')
  await copyAsUtf8({ path, encoding }, { path: copy, equalLineEnds: false, signal })
  return copy
}

async function dialectOf(path: string, maxColumns: number): Promise<Dialect> {
  const { text, isWhole } = await beginningOf(path, headerBytes)
  const dialect = findDialect(text.toString(), isWhole)
  if (dialect === null) throw invalidFile(`The header is longer than ${headerBytes / 1024} KiB.`, { line: 1 })
  if (dialect.width <= maxColumns) return dialect
  throw invalidFile(`The header has ${dialect.width} names; a table can have ${maxColumns} columns.`, { line: 1 })
}

interface Checked {
  readonly path: string
  readonly rows: number
}

/** The file to read. DuckDB takes only files whose rows all end alike; of others, which are rare, a copy is made whose do. */
async function checked(path: string, dialect: Dialect, { folder, signal }: Bench): Promise<Checked> {
  const { faults, rows, mixedLineEnds } = await surveyFile(withoutMark(path, signal), {
    dialect,
    longestRow: longestRowBytes,
    mostFaults: namedFaults,
  })
  if (faults[0]) throw new Problem('csv_invalid', `Line ${faults[0].line}: ${faults[0].message}`, { errors: faults })
  if (!mixedLineEnds) return { path, rows }
  const copy = join(folder, 'line-ends.csv')
  await copyAsUtf8({ path, encoding: 'utf-8' }, { path: copy, equalLineEnds: true, signal })
  return { path: copy, rows }
}

async function load({ path, rows }: Checked, dialect: Dialect, { session, signal }: Bench): Promise<void> {
  await session.run(`CREATE TABLE stage.main.data AS FROM ${reader(path, dialect)}`, signal).catch((error) => {
    throw kindOf(error) === 'Invalid Input' ? invalidFile('The file cannot be read as a table.') : error
  })
  const counted = await session.run('SELECT count(*) FROM stage.main.data', signal)
  const loaded = Number((await counted.getRows())[0]?.[0])
  // DuckDB skips blank lines, unless there is one column: then they may be its values.
  const complete = dialect.width === 1 ? loaded >= rows : loaded === rows
  if (!complete) throw new Problem('storage_failed', `Of the file's ${rows} rows ${loaded} were read.`)
  if (dialect.width === 1) await session.run('DELETE FROM stage.main.data WHERE c0 IS NULL', signal)
}

/** DuckDB guesses nothing here: what it finds in a part of the file must not change how the rest is read. */
function reader(path: string, dialect: Dialect): string {
  const columns = Array.from({ length: dialect.width }, (_, position) => `${columnId(position)}: 'VARCHAR'`)
  // The header is read as a row like others, because DuckDB would change names that are empty or repeated.
  return `read_csv(${quoteText(path)}, auto_detect = false, header = false, skip = 0, strict_mode = true,
delim = ${quoteText(dialect.separator)}, quote = ${quoteText(dialect.quote)}, escape = ${quoteText(dialect.escape)}, columns = {${columns.join(', ')}},
max_line_size = ${longestRowBytes}, buffer_size = ${bufferBytes})`
}

async function takeHeader({ session, signal }: Bench): Promise<readonly string[]> {
  const first = 'WHERE rowid = (SELECT min(rowid) FROM stage.main.data)'
  const result = await session.run(`FROM stage.main.data ${first}`, signal)
  await session.run(`DELETE FROM stage.main.data ${first}`, signal)
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
