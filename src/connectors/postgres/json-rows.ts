import {
  bind,
  type ColumnType,
  identifier,
  joinSql,
  postgresDialect,
  type Sql,
  type SqlColumn,
  sql,
} from '../../pipeline/index.ts'

/**
 * A row as one text: a JSON object, written like JSON.stringify writes it and like the embedded engine does. Integers beyond ±(2^53−1) are
 * texts, because JSON readers would round them; what is not a number is null.
 */
export function jsonRow(columns: readonly SqlColumn[]): Sql {
  const parts = columns.flatMap((column, position) => {
    const key = `${position === 0 ? '{' : ','}${JSON.stringify(column.name)}:`
    return [bind(key, 'text'), sql`coalesce(${writers[column.type](identifier(column.id))}, 'null')`]
  })
  // A function takes at most a hundred arguments here, an array any number of members.
  return sql`array_to_string(ARRAY[${joinSql([...parts, sql`'}'`], ', ')}], '')`
}

/** The columns as texts that `readCell` reads: dates as milliseconds. */
export function plainRow(columns: readonly SqlColumn[]): Sql {
  return joinSql(
    columns.map(({ id, type }) => (type === 'date' ? milliseconds(identifier(id)) : identifier(id))),
    ', ',
  )
}

const writers: { readonly [T in ColumnType]: (value: Sql) => Sql } = {
  integer: (value) => {
    const text = sql`CAST(${value} AS text)`
    return sql`CASE WHEN ${value} BETWEEN -9007199254740991 AND 9007199254740991 THEN ${text} ELSE '"' || ${text} || '"' END`
  },
  number: (value) => {
    const text = postgresDialect.textOf(value, 'number')
    return sql`CASE WHEN abs(${value}) < CAST('Infinity' AS double precision) THEN ${text} END`
  },
  text: (value) => sql`CAST(to_json(${value}) AS text)`,
  boolean: (value) => sql`CAST(${value} AS text)`,
  // Years from 0 to 9999; the others have a sign and six digits. There is no year 0 here: it is 1 BC.
  date: (value) => {
    const year = sql`(extract(year FROM ${value}) + CASE WHEN ${value} < '0001-01-01' THEN 1 ELSE 0 END)`
    const digits = sql`CASE WHEN ${year} = 0 THEN '0000' ELSE to_char(${year}, 'SG000000') END`
    const clock = sql`'T' || to_char(${value}, 'HH24:MI:SS.MS') || 'Z"'`
    const plain = sql`'"' || to_char(${value}, 'YYYY-MM-DD') || ${clock}`
    const far = sql`'"' || ${digits} || to_char(${value}, '-MM-DD') || ${clock}`
    return sql`CASE WHEN ${value} >= '0001-01-01' AND ${value} < '10000-01-01' THEN ${plain} ELSE ${far} END`
  },
}

function milliseconds(date: Sql): Sql {
  return sql`CAST(round(extract(epoch FROM ${date}) * 1000) AS bigint)`
}
