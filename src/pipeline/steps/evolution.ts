import * as z from 'zod'
import { after, hidden, type MongoContext } from '../mongo/context.ts'
import { shifted } from '../mongo/dates.ts'
import {
  call,
  choose,
  type Expression,
  finite,
  fitting,
  isNull,
  literal,
  literals,
  nothing,
  orNull,
  read,
} from '../mongo/expression.ts'
import { division } from '../mongo/formula.ts'
import type { MongoColumn, MongoRelation } from '../mongo/relation.ts'
import { windowed } from '../mongo/window.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, type SqlContext } from '../sql/context.ts'
import { joinSql, type Sql, sql } from '../sql/fragment.ts'
import type { DatePeriod } from '../sql/functions/dates.ts'
import type { AnyStep } from '../step.ts'
import type { Column } from '../values.ts'
import { findColumns, stepProblem, withColumn } from './columns.ts'
import { findDates } from './date-columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional } from './fields.ts'

const periods = {
  vsLastYear: 'year',
  vsLastMonth: 'month',
  vsLastWeek: 'week',
  vsLastDay: 'day',
} as const satisfies Record<string, DatePeriod>

const fields = record({
  dateCol: columnName,
  valueCol: columnName,
  evolutionType: z.enum(['vsLastYear', 'vsLastMonth', 'vsLastWeek', 'vsLastDay']),
  evolutionFormat: z.enum(['abs', 'pct']),
  indexColumns: optional(columnNames, []),
  newColumn: optional<string | undefined>(columnName, undefined),
})

type EvolutionFields = z.output<typeof fields>

export const evolution = defineStep({
  name: 'evolution',
  summary:
    'Compares each value with the one a period earlier, of the same index columns: the difference, or its share of the earlier value. Null when there is none, or more than one.',
  example: {
    step: { dateCol: 'month', valueCol: 'sales', evolutionType: 'vsLastMonth', evolutionFormat: 'pct' },
    input: {
      columns: { month: 'date', sales: 'integer' },
      rows: [
        ['2024-01-01', 100],
        ['2024-02-01', 150],
        ['2024-03-01', 120],
        ['2024-05-01', 130],
      ],
    },
    output: {
      columns: { month: 'date', sales: 'integer', sales_EVOL_PCT: 'number' },
      rows: [
        ['2024-01-01', 100, null],
        ['2024-02-01', 150, 0.5],
        ['2024-03-01', 120, -0.2],
        ['2024-05-01', 130, null],
      ],
    },
  },
  fields,
  columns: (step, input) => withColumn(input, newColumn(step, input)),
  sql: (step, input, context) => {
    const { dialect } = context
    const date = ref(columnOf(input, step.dateCol))
    const value = columnOf(input, step.valueCol)
    const index = [...new Set(step.indexColumns)].map((name) => columnOf(input, name))
    const next = context.fresh({ name: '', type: 'date' })
    const keys = index.map((column) => ({ column, key: context.fresh(column) }))
    const [count, previous] = [context.fresh({ name: '', type: 'integer' }), context.fresh(value)]
    const dated = sql`SELECT ${dialect.dates.shift(date, periods[step.evolutionType], 1)} AS ${ref(next)}, ${joinSql([...new Set([value, ...index])].map(ref), ', ')} FROM ${input.from}`
    const grouping = joinSql([next, ...index].map(ref), ', ')
    const list = [
      ref(next),
      ...keys.map(({ column, key }) => sql`${ref(column)} AS ${ref(key)}`),
      sql`count(*) AS ${ref(count)}`,
      sql`min(${ref(value)}) AS ${ref(previous)}`,
    ]
    const earlier = context.cte(
      sql`SELECT ${joinSql(list, ', ')} FROM (${dated}) dated WHERE ${ref(next)} IS NOT NULL GROUP BY ${grouping}`,
    )
    const same = [sql`${date} = ${ref(next)}`, ...keys.map(({ column, key }) => dialect.isSame(ref(column), ref(key)))]
    const column = context.fresh(newColumn(step, input.columns))
    const evolved = evolutionSql(step, { value: ref(value), previous: ref(previous), type: value.type, context })
    const joined = sql`${input.from} LEFT JOIN ${earlier} ON ${joinSql(same, ' AND ')}`
    const rows = sql`SELECT ${carried(input)}, CASE WHEN ${ref(count)} = 1 THEN ${evolved} END AS ${ref(column)} FROM ${joined}`
    // Its input is read twice, so a chain of these would be computed 2, 4, 8, … times.
    return { ...input, from: context.barrier(rows), columns: withColumn(input.columns, column), inOrder: false }
  },
  mongo: (step, input, context) => {
    const date = columnOf(input, step.dateCol)
    const value = columnOf(input, step.valueCol)
    const { rows, count, previous } = withPrevious(step, input, context)
    const column = context.fresh(newColumn(step, input.columns))
    const evolved = evolutionMongo(step, value, read(previous))
    const isOne = call('$and', [call('$eq', [read(count), one]), call('$not', [isNull(read(date))])])
    return {
      ...after(rows, { $set: { [column.id]: choose(isOne, evolved, nothing) } }),
      columns: withColumn(input.columns, column),
    }
  },
})

const one = literal(1, 'integer')
const zero = literal(0, 'integer')

function newColumn(step: AnyStep & EvolutionFields, input: readonly Column[]): Column {
  findColumns(step, [step.dateCol, step.valueCol, ...step.indexColumns], input)
  findDates(step, [step.dateCol], input)
  const type = input.find(({ name }) => name === step.valueCol)?.type
  if (type !== 'integer' && type !== 'number') {
    throw stepProblem(step, `the column "${step.valueCol}" should hold numbers, and it is ${type}.`, {
      column: step.valueCol,
    })
  }
  const name = step.newColumn ?? `${step.valueCol}_EVOL_${step.evolutionFormat === 'abs' ? 'ABS' : 'PCT'}`
  return { name, type: step.evolutionFormat === 'abs' ? type : 'number' }
}

interface Compared {
  readonly value: Sql
  readonly previous: Sql
  readonly type: Column['type']
  readonly context: SqlContext
}

function evolutionSql(
  { evolutionFormat }: EvolutionFields,
  { value, previous, type, context: { dialect } }: Compared,
): Sql {
  const numeric = type === 'integer' ? 'integer' : 'number'
  const difference = dialect.operate('-', [value, previous], numeric)
  if (evolutionFormat === 'abs') return numeric === 'number' ? dialect.finite(difference) : difference
  const size = sql`CASE WHEN ${previous} < 0 THEN ${dialect.negate(previous, numeric)} ELSE ${previous} END`
  return dialect.finite(dialect.operate('/', [difference, size], 'number'))
}

interface WithPrevious {
  readonly rows: MongoRelation
  /** How many rows there are a period earlier, and the value of one of them. */
  readonly count: MongoColumn
  readonly previous: MongoColumn
}

/** Each row twice, as itself and as what the row a period later is compared with: those with one date are a group. */
function withPrevious(step: EvolutionFields, input: MongoRelation, context: MongoContext): WithPrevious {
  const date = read(columnOf(input, step.dateCol))
  const value = read(columnOf(input, step.valueCol))
  const index = [...new Set(step.indexColumns)].map((name) => columnOf(input, name))
  const [role, key, earlier] = [hidden(context), hidden(context), hidden(context)]
  const [count, previous] = [hidden(context), hidden(context)]
  const isEarlier = call('$eq', [read(role), one])
  const later = shifted(date, periods[step.evolutionType], 1)
  const twice = after(
    input,
    { $set: { [role.id]: literals([0, 1], 'integer') } },
    { $unwind: { path: read(role), preserveNullAndEmptyArrays: false } },
    {
      $set: {
        [key.id]: choose(isEarlier, later, orNull(date)),
        [earlier.id]: choose(isEarlier, orNull(value), nothing),
      },
    },
  )
  const output = { [count.id]: call('$sum', read(role)), [previous.id]: call('$max', read(earlier)) }
  const found = windowed(twice, { by: [key, ...index], output }, context)
  return { rows: after(found, { $match: { [role.id]: { $eq: 0 } } }), count, previous }
}

function evolutionMongo({ evolutionFormat }: EvolutionFields, { id, type }: MongoColumn, previous: Expression) {
  const settled = type === 'integer' ? fitting : finite
  const difference = settled(call('$subtract', [read({ id }), previous]))
  if (evolutionFormat === 'abs') return difference
  const negative = settled(call('$multiply', [previous, literal(-1, 'integer')]))
  const size = choose(call('$lt', [previous, zero]), negative, previous)
  return finite(division('/', call('$toDouble', difference), call('$toDouble', size)))
}
