import * as z from 'zod'
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
      sql`SELECT ${joinSql(list, ', ')} FROM (${dated}) AS dated WHERE ${ref(next)} IS NOT NULL GROUP BY ${grouping}`,
    )
    const same = [sql`${date} = ${ref(next)}`, ...keys.map(({ column, key }) => dialect.isSame(ref(column), ref(key)))]
    const column = context.fresh(newColumn(step, input.columns))
    const evolved = evolutionSql(step, { value: ref(value), previous: ref(previous), type: value.type, context })
    const joined = sql`${input.from} LEFT JOIN ${earlier} ON ${joinSql(same, ' AND ')}`
    const rows = sql`SELECT ${carried(input)}, CASE WHEN ${ref(count)} = 1 THEN ${evolved} END AS ${ref(column)} FROM ${joined}`
    // Its input is read twice, so a chain of these would be computed 2, 4, 8, … times.
    return { ...input, from: context.barrier(rows), columns: withColumn(input.columns, column), inOrder: false }
  },
})

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
