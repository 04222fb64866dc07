import type { Column } from '../../pipeline/index.ts'
import { columnId } from './quoting.ts'
import { neverAborted, type Session } from './session.ts'

/** A column of the version that is made. `value` is its SQL over `stage.main.data`, in the type that the file will have. */
export interface StagedColumn extends Column {
  readonly value: string
}

/**
 * Texts of at most so many different values become ENUMs, if each occurs twice on average and none is long. Measured on 2M
 * rows: grouping by two columns, sorting and joining 2–5 × faster, equality the same, functions of a text (`matches`, `upper`)
 * 2–3 × slower.
 */
const dictionaryValues = 1000
const dictionaryTextLength = 200
/** Of a version: making and opening its file costs a little for each. */
const dictionariesOfVersion = 64

/** Columns whose values are counted in one pass. */
const countedTogether = 100

/** Writes `target.main.data` from the stage, in the stage's order, and answers how many rows it has. */
export async function fillTable(
  session: Session,
  columns: readonly StagedColumn[],
  signal: AbortSignal,
): Promise<number> {
  const dictionaries = await findDictionaries(session, columns, signal)
  for (const position of dictionaries) {
    const value = columns[position]?.value ?? ''
    // In the order of the texts, so that an ENUM, which sorts by position, sorts like them.
    await session.run(
      `CREATE TYPE target.main.${typeName(position)} AS ENUM (
SELECT DISTINCT ${value} AS v FROM stage.main.data WHERE v IS NOT NULL ORDER BY v)`,
      signal,
    )
  }
  const list = columns.map(({ value }, position) => {
    const stored = dictionaries.has(position) ? `CAST(${value} AS ${typeName(position)})` : value
    return `${stored} AS ${columnId(position)}`
  })
  // A type's name cannot carry its database's in a cast.
  await session.run('USE target', neverAborted())
  await session.run(`CREATE TABLE target.main.data AS SELECT ${list.join(', ')} FROM stage.main.data`, signal)
  const counted = await session.run('SELECT count(*) FROM target.main.data', signal)
  await session.run('USE memory', neverAborted())
  return Number((await counted.getRows())[0]?.[0])
}

function typeName(position: number): string {
  return `texts${position}`
}

async function findDictionaries(
  session: Session,
  columns: readonly StagedColumn[],
  signal: AbortSignal,
): Promise<ReadonlySet<number>> {
  const texts = [...columns.entries()].filter(([, { type }]) => type === 'text')
  const found = new Set<number>()
  for (let from = 0; from < texts.length; from += countedTogether) {
    const some = texts.slice(from, from + countedTogether)
    const counts = some.map(
      ([, { value: v }]) => `approx_count_distinct(${v}), count(${v}), coalesce(max(length(${v})), 0)`,
    )
    const result = await session.run(`SELECT ${counts.join(', ')} FROM stage.main.data`, signal)
    const row = ((await result.getRows())[0] ?? []).map(Number)
    for (const [index, [position]] of some.entries()) {
      const [distinct = 0, filled = 0, longest = 0] = row.slice(index * 3)
      const small = distinct > 0 && distinct <= Math.min(dictionaryValues, filled / 2)
      if (small && longest <= dictionaryTextLength && found.size < dictionariesOfVersion) found.add(position)
    }
  }
  return found
}
