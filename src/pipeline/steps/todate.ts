import { type DateReading, guesses, readingOf } from '../dates/reading.ts'
import { withValues } from '../mongo/computed.ts'
import { after, type MongoContext } from '../mongo/context.ts'
import { instant, truncated } from '../mongo/convert.ts'
import { instantOf } from '../mongo/dates.ts'
import { bound, call, choose, type Expression, literal, read, variable } from '../mongo/expression.ts'
import { readDates as readMongoDates } from '../mongo/read-date.ts'
import type { MongoColumn, MongoRelation } from '../mongo/relation.ts'
import { textOf as mongoTextOf } from '../mongo/text.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, type SqlContext } from '../sql/context.ts'
import { type Sql, sql } from '../sql/fragment.ts'
import { readDates } from '../sql/read-date.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import { findColumns, stepProblem, withColumn } from './columns.ts'
import { textOf } from './date-columns.ts'
import { defineStep } from './definition.ts'
import { columnName, dateFormat, optional } from './fields.ts'

/** A format that has been read once, so that it is one. Empty means none, as some clients send it. */
const format = dateFormat.check(({ value, issues }) => {
  const read = value === '' ? undefined : readingOf(value)
  if (!read || 'reading' in read) return
  const { message, position } = read.problem
  issues.push({ code: 'custom', message, params: { position }, input: value })
})

export const todate = defineStep({
  name: 'todate',
  summary:
    'Makes dates of texts, by a format of strftime or by what they look like, and of numbers: years below 10000, milliseconds since 1970 above. What is no date becomes null.',
  example: {
    step: { column: 'day', format: '%d/%m/%Y' },
    input: {
      columns: { day: 'text', sales: 'integer' },
      rows: [
        ['05/03/2024', 10],
        ['24/12/2024', 14],
        ['31/02/2024', 2],
        ['soon', 1],
      ],
    },
    output: {
      columns: { day: 'date', sales: 'integer' },
      rows: [
        ['2024-03-05', 10],
        ['2024-12-24', 14],
        [null, 2],
        [null, 1],
      ],
    },
  },
  fields: record({ column: columnName, format: optional(format, '') }),
  columns: (step, input) => {
    const [column] = findColumns(step, [step.column], input)
    if (column?.type === 'boolean') {
      throw stepProblem(step, `the column "${column.name}" is boolean, which is no date.`, { column: column.name })
    }
    return withColumn(input, { name: step.column, type: 'date' })
  },
  sql: (step, input, context) => {
    const column = columnOf(input, step.column)
    if (column.type === 'date') return input
    const date = context.fresh({ name: step.column, type: 'date' })
    const { value, from } = dateOf(column, step.format, { input, context })
    return {
      ...input,
      from: context.computed(sql`SELECT ${carried(input)}, ${value} AS ${ref(date)} FROM ${from}`),
      columns: withColumn(input.columns, date),
    }
  },
  mongo: (step, input, context) => {
    const column = columnOf(input, step.column)
    if (column.type === 'date') return input
    const { rows, value } = mongoDateOf(column, step.format, { input, context })
    return withValues(rows, [{ column: { name: step.column, type: 'date' }, value }], context)
  },
})

interface Scope {
  readonly input: Relation
  readonly context: SqlContext
}

function dateOf(column: SqlColumn, format: string, { input, context }: Scope): { value: Sql; from: Sql } {
  if (format === '' && column.type !== 'text') return { value: ofNumber(column, context), from: input.from }
  const texts = { text: textOf(column, context), carried: carried(input), from: input.from }
  const { date, from } = readDates(texts, readingsOf(format), context)
  return { value: date, from }
}

function readingsOf(format: string): readonly DateReading[] {
  const read = format === '' ? undefined : readingOf(format)
  return read && 'reading' in read ? [read.reading] : guesses
}

function ofNumber(column: SqlColumn, { dialect }: SqlContext): Sql {
  const number = dialect.text.convert(ref(column), column.type, 'integer')
  const first = {
    year: sql`nullif(${number}, 0)`,
    month: sql`1`,
    day: sql`1`,
    hour: sql`0`,
    minute: sql`0`,
    second: sql`0`,
    millisecond: sql`0`,
  }
  const instant = dialect.text.convert(number, 'integer', 'date')
  return sql`CASE WHEN ${number} < 10000 THEN ${dialect.dates.instant(first)} ELSE ${instant} END`
}

interface MongoScope {
  readonly input: MongoRelation
  readonly context: MongoContext
}

function mongoDateOf(
  column: MongoColumn,
  format: string,
  { input, context }: MongoScope,
): { rows: MongoRelation; value: Expression } {
  if (format === '' && column.type !== 'text') return { rows: input, value: mongoOfNumber(column) }
  const { before, value } = readMongoDates(mongoTextOf(read(column), column.type), readingsOf(format), context)
  return { rows: after(input, ...before), value }
}

function mongoOfNumber(column: MongoColumn): Expression {
  const n = variable('n0')
  const [zero, one] = [literal(0, 'integer'), literal(1, 'integer')]
  const year = choose(call('$eq', [n, zero]), literal(-1, 'integer'), n)
  const first = instantOf({ year, month: one, day: one, hour: zero, minute: zero, second: zero, millisecond: zero })
  const isYear = call('$lt', [n, literal(10_000, 'integer')])
  return bound({ n0: truncated(read(column)) }, choose(isYear, first, instant(n)))
}
