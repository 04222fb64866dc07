import { bind, type Column, type CompiledSql, joinSql, type Sql, type SqlColumn, sql } from '../../pipeline/index.ts'

/** Rows that are joined into one text. Bounds the memory that DuckDB copies as a text grows, and lets its threads share the work. */
const rowsPerPart = 8192

/**
 * How a cell is written: like JSON.stringify writes it, which for numbers DuckDB does not (it says `1.0` and `1e21`). Integers beyond
 * ±(2^53−1) are texts, because JSON readers would round them; NaN and infinities are null.
 *
 * In each of these, and in each part of one, `x` stands an odd number of times. The hash that DuckDB finds equal expressions by is
 * a XOR in which a column that stands there twice cancels out: the expressions of a thousand columns would all collide, and
 * planning one page would take seconds. (NULLIF is a CASE with `x` in it twice.)
 */
export const jsonMacros: readonly string[] = [
  // The absolute value of the smallest BIGINT is no BIGINT.
  `CREATE MACRO out_integer(x) AS CASE WHEN abs(x::HUGEINT) > 9007199254740991 THEN concat('"', x, '"')
    ELSE coalesce(x::VARCHAR, 'null') END`,
  // NaN and infinity are greater than everything, so they come here.
  `CREATE MACRO out_large(x) AS regexp_replace(
    regexp_replace(replace(to_json(x)::VARCHAR, 'e', 'e+'), '\\.0$', ''), '^-?[a-zA-Z].*', 'null')`,
  `CREATE MACRO out_double(x) AS CASE WHEN abs(x) >= 1e15 THEN out_large(x)
    WHEN x % 1 = 0 THEN x::BIGINT::VARCHAR
    ELSE coalesce(to_json(x)::VARCHAR, 'null') END`,
  'CREATE MACRO out_number(x) AS out_double(x::DOUBLE)',
  `CREATE MACRO out_text(x) AS coalesce(to_json(x::VARCHAR)::VARCHAR, 'null')`,
  `CREATE MACRO out_boolean(x) AS coalesce(x::VARCHAR, 'null')`,
  // Years from 0 to 9999; the others have a sign and six digits.
  `CREATE MACRO out_instant(x) AS CASE
    WHEN abs(2 * year(x) - 9999) <= 9999 THEN strftime(x, '"%Y-%m-%dT%H:%M:%S.%gZ"')
    ELSE coalesce(format('"{:+07d}-{}.{}Z"', year(x), strftime(x, '%m-%dT%H:%M:%S'), strftime(x, '%g')), 'null') END`,
  'CREATE MACRO out_date(x) AS out_instant(x::TIMESTAMP)',
]

/**
 * The page as JSON objects joined by commas, in parts: each row of the answer is `part` (UTF-8 as BLOB, null when it has no row of
 * the first `limit`) and `rows`. One row more than `limit` is read, so the sum of `rows` tells whether there are more.
 * The rows are numbered once they are in order and cut to the page, because DuckDB keeps the order of a subquery in
 * `row_number() OVER ()` and not in an aggregate; and because the JSON of rows outside the page must not be made.
 */
export function jsonPage(compiled: CompiledSql, offset: number, limit: number): Sql {
  const page = compiled.rows({ offset, limit: limit + 1 }, numberedNames)
  const size = bind(rowsPerPart, 'integer')
  return sql`SELECT encode(string_agg(row, ',' ORDER BY n) FILTER (n <= ${bind(limit, 'integer')})) AS part, count(*) AS rows
FROM (SELECT ${jsonObject(compiled.columns)} AS row, n FROM (SELECT *, row_number() OVER () AS n FROM (${page})))
GROUP BY (n - 1) // ${size} ORDER BY min(n)`
}

const plain = (text: string): Sql => ({ texts: [text], values: [] })

function numberedNames(columns: readonly SqlColumn[]): Sql {
  return joinSql(
    columns.map(({ id }, position) => plain(`${id} AS o${position}`)),
    ', ',
  )
}

function jsonObject(columns: readonly Column[]): Sql {
  const members = columns.map(({ name, type }, position) => {
    const key = `${position === 0 ? '{' : ','}${JSON.stringify(name)}:`
    return sql`${bind(key, 'text')}, ${plain(`out_${type}(o${position})`)}`
  })
  return sql`concat(${joinSql(members, ', ')}, '}')`
}
