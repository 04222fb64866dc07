import { Problem } from '../../../base/index.ts'
import type { ColumnType } from '../../values.ts'
import type { ServerDialect, SqlDialect } from '../dialect.ts'
import { bind, type Sql, sql } from '../fragment.ts'
import { onlyFinite } from './finite.ts'
import { nthOfBound } from './nth-text.ts'
import { postgresDialect } from './postgres.ts'
import { redshiftDates } from './redshift/dates.ts'
import { asDouble, constant, operateDoubles, sumOfDoubles } from './redshift/doubles.ts'
import { first } from './redshift/first.ts'
import { redshiftGroups } from './redshift/groups.ts'
import { narrow, operateIntegers, wide } from './redshift/integers.ts'
import { redshiftPattern } from './redshift/pattern.ts'
import { textOf } from './redshift/text.ts'
import { redshiftText } from './redshift/text-functions.ts'

const types: { readonly [T in ColumnType]: string } = {
  integer: 'bigint',
  number: 'double precision',
  text: 'varchar(65535)',
  boolean: 'boolean',
  date: 'timestamp',
}

/**
 * Amazon Redshift: what it has kept of PostgreSQL. The session's time zone is UTC. It takes no notice of spaces at the end when it
 * compares texts, and writes doubles as texts with 15 digits.
 */
export const redshiftDialect: ServerDialect = {
  ...postgresDialect,
  name: 'redshift',
  dates: redshiftDates,
  text: redshiftText,
  groups: redshiftGroups,
  // Each text by itself, since it takes no text of more than 64 KiB; and at most 32,767 values.
  shapes: { nthText: (texts, n) => nthOfBound(texts, n, 30_000) },
  placeholder: (n, type, lone) => (lone ? `$${n}` : `CAST($${n} AS ${types[type]})`),
  refusal: (value) =>
    typeof value === 'string' && value.includes('\0')
      ? 'Amazon Redshift has no texts with the character NUL.'
      : undefined,
  nullOf: (type) => castTo(sql`NULL`, type),
  sourceColumn: (column, type) => {
    switch (type) {
      case 'text':
        return sql`COLLATE(${castTo(column, type)}, 'case_sensitive')`
      case 'number':
        return onlyFinite(asDouble(column), constant)
      case 'date':
        return sql`date_trunc('millisecond', ${castTo(column, type)})`
      case 'integer':
      case 'boolean':
        return castTo(column, type)
    }
  },
  // There is no CTE that is computed by itself.
  materialized: sql`AS`,
  isSame: (a, b) => sql`(${a} = ${b} OR (${a} IS NULL AND ${b} IS NULL))`,
  search: (text, pattern) => sql`(REGEXP_INSTR(${text}, ${bind(redshiftPattern(pattern), 'text')}, 1, 1, 0, 'p') > 0)`,
  textOf,
  operate,
  negate: (a, type) => (type === 'integer' ? narrow(sql`-${wide(a)}`) : sql`(-${a})`),
  sum: (value, type) => (type === 'integer' ? narrow(sql`coalesce(sum(${value}), 0)`) : sumOfDoubles(value)),
  average: (value, type) => {
    const sum = type === 'integer' ? asDouble(sql`sum(${value})`) : sumOfDoubles(value)
    return sql`${sum} / nullif(count(${value}), 0)`
  },
  first,
  numbersRows: true,
}

function castTo(value: Sql, type: ColumnType): Sql {
  return sql`CAST(${value} AS ${{ texts: [types[type]], values: [] }})`
}

function operate(...[operator, [a, b], type]: Parameters<SqlDialect['operate']>): Sql {
  if (type === 'text') return sql`(${a} || ${b})`
  if (type === 'integer' && operator !== '/') return operateIntegers(operator, a, b)
  if (operator === '%') {
    throw new Problem('pipeline_invalid', 'this database has no remainder of numbers with fractions: use integers.')
  }
  return operateDoubles(operator, a, b)
}
