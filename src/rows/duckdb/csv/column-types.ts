import type { ColumnType } from '../../../pipeline/index.ts'
import type { StagedColumn } from '../fill-table.ts'
import { columnId, quoteText } from '../quoting.ts'
import type { Session } from '../session.ts'

/** A way to read a column of texts: `every` value must pass, and `some` value, which proves what the others leave open. */
interface Reading {
  readonly type: ColumnType
  every(v: string): string
  some(v: string): string
  value(v: string): string
}

const always = () => 'true'
const matches = (v: string, pattern: string) => `regexp_full_match(${v}, ${quoteText(pattern)})`

// A leading zero or plus is no number: it is a postal code, an article or a telephone number that would lose it.
const numberPattern = String.raw`-?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?`
const isoPattern = String.raw`\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?`
// `1,234` alone may be a thousand: only another number of digits shows that the comma stands before decimals.
const commaPattern = String.raw`-?(?:0|[1-9]\d*)(?:,\d+)?`
const commaProof = String.raw`-?(?:0,\d+|\d+,(?:\d\d?|\d{4,}))`

/** In the order of preference. A column that fits none is text, and so is one without any value. */
const readings: readonly Reading[] = [
  {
    type: 'integer',
    // Only what comes back the same: `007`, `+7`, `7_000` and what is beyond 64 bits do not.
    every: (v) => `try_cast(${v} AS BIGINT)::VARCHAR = ${v}`,
    some: always,
    value: (v) => `CAST(${v} AS BIGINT)`,
  },
  {
    type: 'number',
    every: (v) => `${matches(v, numberPattern)} OR lower(${v}) IN ('nan', 'inf', '-inf', 'infinity', '-infinity')`,
    some: (v) => `isfinite(try_cast(${v} AS DOUBLE))`,
    value: (v) => `CASE WHEN isfinite(CAST(${v} AS DOUBLE)) THEN CAST(${v} AS DOUBLE) END`,
  },
  {
    type: 'boolean',
    every: (v) => `lower(${v}) IN ('true', 'false')`,
    some: always,
    value: (v) => `CAST(${v} AS BOOLEAN)`,
  },
  {
    type: 'date',
    every: (v) => `${matches(v, isoPattern)} AND try_cast(${v} AS TIMESTAMPTZ) IS NOT NULL`,
    some: always,
    value: (v) => `date_trunc('millisecond', CAST(${v} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')`,
  },
]

const decimalComma: Reading = {
  type: 'number',
  every: (v) => matches(v, commaPattern),
  some: (v) => matches(v, commaProof),
  value: (v) => `CAST(replace(${v}, ',', '.') AS DOUBLE)`,
}

/** Most columns of text are recognised by their first rows, so that all rows are tried only with what these leave possible. */
const sampleRows = 2048
/** Columns that are tried in one pass. */
const columnsTogether = 50

interface StagedTexts {
  readonly names: readonly string[]
  readonly separator: string
}

interface Candidate {
  readonly position: number
  readonly readings: readonly Reading[]
}

/** Finds the type of every column of `stage.main.data`, whose columns are all texts as sent, over all of its rows. */
export async function findTypes(
  session: Session,
  { names, separator }: StagedTexts,
  signal: AbortSignal,
): Promise<readonly StagedColumn[]> {
  const possible = separator === ',' ? readings : [...readings, decimalComma]
  const columns: StagedColumn[] = []
  for (let from = 0; from < names.length; from += columnsTogether) {
    const some = names.slice(from, from + columnsTogether)
    const all = some.map((_, index): Candidate => ({ position: from + index, readings: possible }))
    const sampled = await tryOn(session, { rows: `(FROM stage.main.data LIMIT ${sampleRows})`, columns: all }, signal)
    const likely = sampled.map(({ position, passed }) => ({ position, readings: passed }))
    const tried = await tryOn(session, { rows: 'stage.main.data', columns: likely }, signal)
    for (const [index, { position, proven }] of tried.entries()) {
      columns.push({ name: some[index] ?? '', ...typed(position, proven[0]) })
    }
  }
  return columns
}

function typed(position: number, reading: Reading | undefined): Omit<StagedColumn, 'name'> {
  if (reading === undefined) return { type: 'text', value: columnId(position) }
  return { type: reading.type, value: reading.value(trimmed(position)) }
}

/** Blanks around a number mean nothing; nor does a value of blanks only, unless the column is text. */
function trimmed(position: number): string {
  return `nullif(trim(${columnId(position)}), '')`
}

interface Tried {
  readonly position: number
  /** The readings that no value speaks against, and those of them for which a value speaks. */
  readonly passed: readonly Reading[]
  readonly proven: readonly Reading[]
}

async function tryOn(
  session: Session,
  { rows, columns }: { rows: string; columns: readonly Candidate[] },
  signal: AbortSignal,
): Promise<readonly Tried[]> {
  const tests = columns.flatMap(({ position, readings: open }) => {
    const v = trimmed(position)
    return open.flatMap(({ every, some }) => [
      `bool_and(${v} IS NULL OR coalesce(${every(v)}, false))`,
      `bool_or(${v} IS NOT NULL AND coalesce(${some(v)}, false))`,
    ])
  })
  if (tests.length === 0) return columns.map(({ position }) => ({ position, passed: [], proven: [] }))
  const result = await session.run(`SELECT ${tests.join(', ')} FROM ${rows}`, signal)
  const answers = [...((await result.getRows())[0] ?? [])]
  return columns.map(({ position, readings: open }) => {
    const own = answers.splice(0, open.length * 2)
    // On a table without rows every answer is null: nothing speaks against a reading, and nothing for it.
    const passed = open.filter((_, index) => own[index * 2] !== false)
    const proven = open.filter((_, index) => own[index * 2] === true && own[index * 2 + 1] === true)
    return { position, passed, proven }
  })
}
