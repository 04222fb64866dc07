import * as z from 'zod'
import { after, hidden, keyOf, type MongoContext } from '../mongo/context.ts'
import { periodsBetween, periodsLater, startOf } from '../mongo/dates.ts'
import { call, choose, isNull, literal, nothing, orNull, over, read } from '../mongo/expression.ts'
import { figureMongo } from '../mongo/figures.ts'
import { grouped } from '../mongo/group.ts'
import type { MongoColumn, MongoRelation } from '../mongo/relation.ts'
import type { Stage } from '../mongo/stage.ts'
import { windowed } from '../mongo/window.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, type SqlContext, sortedBy } from '../sql/context.ts'
import { joinSql, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import { figureRows } from './aggregations.ts'
import { findColumns, stepProblem } from './columns.ts'
import { findDates } from './date-columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional } from './fields.ts'

const fields = record({
  datesColumn: columnName,
  datesGranularity: z.enum(['day', 'week', 'month', 'year']),
  groups: optional(columnNames, []),
})

export const addmissingdates = defineStep({
  name: 'addmissingdates',
  summary:
    'One row for each period between the first and the last date of each group, ordered by groups and date. Rows of one period are merged, missing ones are added with nulls on its first day, rows without a date are left out.',
  example: {
    step: { datesColumn: 'day', datesGranularity: 'day', groups: ['region'] },
    input: {
      columns: { region: 'text', day: 'date', sales: 'integer' },
      rows: [
        ['north', '2024-03-01', 10],
        ['north', '2024-03-03', 14],
        ['south', '2024-03-02', 7],
        ['south', '2024-03-03', 9],
      ],
    },
    output: {
      columns: { region: 'text', day: 'date', sales: 'integer' },
      rows: [
        ['north', '2024-03-01', 10],
        ['north', '2024-03-02', null],
        ['north', '2024-03-03', 14],
        ['south', '2024-03-02', 7],
        ['south', '2024-03-03', 9],
      ],
    },
  },
  fields,
  columns: (step, input) => {
    findColumns(step, [step.datesColumn, ...step.groups], input)
    findDates(step, [step.datesColumn], input)
    if (step.groups.includes(step.datesColumn)) {
      throw stepProblem(step, `the column "${step.datesColumn}" cannot be a group too.`, { column: step.datesColumn })
    }
    return input
  },
  sql: (step, input, context) => {
    const period = step.datesGranularity
    const merged = mergedRows(step, figureRows(input, [{ aggFunction: 'first' }], context), context)
    const all = allPeriods(merged, period, context)
    const same = [
      sql`${ref(all.start)} = ${ref(merged.start)}`,
      ...all.keys.map(({ group, key }) => context.dialect.isSame(ref(group), ref(key))),
    ]
    const columns = merged.columns.map((column) => {
      const key = all.keys.find(({ group }) => group === column)?.key
      if (key) return { column: key, value: ref(key) }
      if (column.name !== step.datesColumn) return { column, value: ref(column) }
      const date = context.fresh(column)
      return { column: date, value: sql`coalesce(${ref(column)}, ${ref(all.start)}) AS ${ref(date)}` }
    })
    const list = joinSql(
      columns.map(({ value }) => value),
      ', ',
    )
    const ordering = [...step.groups, step.datesColumn].map((name) =>
      columns.find(({ column }) => column.name === name),
    )
    return {
      from: context.cte(sql`SELECT ${list} FROM ${all.from} LEFT JOIN ${merged.from} ON ${joinSql(same, ' AND ')}`),
      columns: columns.map(({ column }) => column),
      order: sortedBy(
        ordering.flatMap((found) => (found ? [{ id: found.column.id, descending: false }] : [])),
        [],
      ),
      inOrder: false,
    }
  },
  mongo: (step, input, context) => {
    const { rows, start, columns } = mergedMongo(step, input, context)
    const { filled, number, first } = gapsFilled(rows, { step, start, columns, context })
    const isAdded = call('$gt', [read(number), zero])
    const values = columns.map((column) => {
      const value = orNull(read(column))
      if (step.groups.includes(column.name)) return [column.id, value] as const
      const added = column.name === step.datesColumn ? read(first) : nothing
      return [column.id, choose(isAdded, added, value)] as const
    })
    const order = [...step.groups, step.datesColumn].map((name) => keyOf(columnOf({ columns }, name), false))
    return {
      ...after(filled, { $set: Object.fromEntries(values) }),
      columns,
      order: sortedBy(order, []),
      inOrder: false,
    }
  },
})

const zero = literal(0, 'integer')

type AddMissingDates = z.output<typeof fields>

interface Merged {
  readonly from: Sql
  /** The columns of the step, under names of their own. */
  readonly columns: readonly SqlColumn[]
  readonly groups: readonly SqlColumn[]
  /** The start of the period that the row stands for. */
  readonly start: SqlColumn
}

/** One row for each group and period that has any: the first value of each column that is not null, the date as it is. */
function mergedRows(step: AddMissingDates, input: Relation, context: SqlContext): Merged {
  const { dialect } = context
  const date = columnOf(input, step.datesColumn)
  const start = context.fresh(date)
  const renewed = input.columns.map((column) => ({ column, as: context.fresh(column) }))
  const groups = renewed.filter(({ column }) => step.groups.includes(column.name))
  const values = renewed.map(({ column, as }) => {
    const value = step.groups.includes(column.name)
      ? ref(column)
      : dialect.first(ref(column), column.type, { keys: input.order, backwards: false })
    return sql`${value} AS ${ref(as)}`
  })
  const period = dialect.dates.startOf(ref(date), step.datesGranularity)
  const dated = sql`SELECT ${carried(input)}, ${period} AS ${ref(start)} FROM ${input.from}`
  const by = joinSql([start, ...groups.map(({ column }) => column)].map(ref), ', ')
  const rows = sql`SELECT ${joinSql([ref(start), ...values], ', ')} FROM (${dated}) dated WHERE ${ref(start)} IS NOT NULL GROUP BY ${by}`
  return {
    // It is read twice: for its ends, and for its rows.
    from: context.barrier(rows),
    columns: renewed.map(({ as }) => as),
    groups: groups.map(({ as }) => as),
    start,
  }
}

interface AllPeriods {
  readonly from: Sql
  /** The groups again, under names of their own. */
  readonly keys: readonly { readonly group: SqlColumn; readonly key: SqlColumn }[]
  readonly start: SqlColumn
}

/** A row for each group and period from the first to the last of the group. */
function allPeriods(merged: Merged, period: AddMissingDates['datesGranularity'], context: SqlContext): AllPeriods {
  const keys = merged.groups.map((group) => ({ group, key: context.fresh(group) }))
  const [first, last, start] = [context.fresh(merged.start), context.fresh(merged.start), context.fresh(merged.start)]
  const ends = [
    ...keys.map(({ group, key }) => sql`${ref(group)} AS ${ref(key)}`),
    sql`min(${ref(merged.start)}) AS ${ref(first)}`,
    sql`max(${ref(merged.start)}) AS ${ref(last)}`,
  ]
  const spans = sql`SELECT ${joinSql(ends, ', ')} FROM ${merged.from}`
  const by = joinSql(merged.groups.map(ref), ', ')
  const from = context.cte(keys.length > 0 ? sql`${spans} GROUP BY ${by}` : spans)
  const kept = keys.map(({ key }) => key)
  return { from: context.cte(context.dialect.dates.periods({ from, kept, first, last, period, start })), keys, start }
}

interface MergedMongo {
  readonly rows: MongoRelation
  readonly columns: readonly MongoColumn[]
  readonly start: MongoColumn
}

/** As `mergedRows`. */
function mergedMongo(step: AddMissingDates, input: MongoRelation, context: MongoContext): MergedMongo {
  const date = columnOf(input, step.datesColumn)
  const start = context.fresh(date)
  const dated = after(
    input,
    { $match: { [date.id]: { $ne: null } } },
    { $set: { [start.id]: startOf(read(date), step.datesGranularity) } },
  )
  const groups = input.columns.filter(({ name }) => step.groups.includes(name))
  const by = [...groups, start]
  const firsts = input.columns
    .filter((column) => !groups.includes(column))
    .map((column) => ({
      column: context.fresh(column),
      figure: figureMongo('first', column, { groups: by, input: dated, context }),
    }))
  const all = [...groups, ...firsts.map(({ column }) => column)]
  return {
    rows: grouped(dated, { groups: by, figures: firsts }, context),
    columns: input.columns.map(({ name }) => columnOf({ columns: all }, name)),
    start,
  }
}

interface GapScope {
  readonly step: AddMissingDates
  readonly start: MongoColumn
  readonly columns: readonly MongoColumn[]
  readonly context: MongoContext
}

/** A document holds at most 16 MB, so that numbers of periods are spread in two goes. */
const chunk = 1000

/** Each row as often as there are periods up to the next row of its group: with their numbers, and their first days. */
function gapsFilled(
  rows: MongoRelation,
  { step, start, columns, context }: GapScope,
): { readonly filled: MongoRelation; readonly number: MongoColumn; readonly first: MongoColumn } {
  const [next, count, number] = [hidden(context), hidden(context), hidden(context)]
  const first = context.fresh(start)
  const period = step.datesGranularity
  const by = columns.filter(({ name }) => step.groups.includes(name))
  const order = [{ id: start.id, descending: false, nullable: false }]
  const output = { [next.id]: over(call('$min', read(start)), [1, 1]) }
  const counted = choose(isNull(read(next)), literal(1, 'integer'), periodsBetween(read(start), read(next), period))
  const size = literal(chunk, 'integer')
  const end = call('$min', [read(count), call('$add', [read(number), size])])
  const each: Stage = { $unwind: { path: read(number), preserveNullAndEmptyArrays: false } }
  const filled = after(
    windowed(rows, { by, order, output }, context),
    { $set: { [count.id]: counted } },
    { $set: { [number.id]: call('$range', [zero, read(count), size]) } },
    each,
    { $set: { [number.id]: call('$range', [read(number), end]) } },
    each,
    { $set: { [first.id]: periodsLater(read(start), period, read(number)) } },
  )
  return { filled, number, first }
}
