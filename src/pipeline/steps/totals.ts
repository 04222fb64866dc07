import * as z from 'zod'
import { totalsMongo } from '../mongo/totals.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, type SqlContext, select } from '../sql/context.ts'
import { bind, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import { type Branch, unionAll } from '../sql/union.ts'
import { windowSql } from '../sql/window.ts'
import type { AnyStep } from '../step.ts'
import type { Column } from '../values.ts'
import { aggregation, type Figure, figureRows, figureSql, figuresOf } from './aggregations.ts'
import { widened } from './column-types.ts'
import { findColumns, refuseRepeated, withColumn } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional } from './fields.ts'

/** Each dimension doubles the number of ways to total. */
const mostDimensions = 6

const labelText = z.union([z.string(), z.number(), z.boolean()], 'This should be a text.').transform(String)

const fields = record({
  totalDimensions: z
    .array(record({ totalColumn: columnName, totalRowsLabel: labelText }))
    .min(1, 'Give at least one dimension.')
    .max(mostDimensions, `There are totals over at most ${mostDimensions} dimensions.`),
  aggregations: z.array(aggregation).min(1, 'Give at least one aggregation.'),
  groups: optional(columnNames, []),
})

type TotalsStep = AnyStep & z.output<typeof fields>

export const totals = defineStep({
  name: 'totals',
  summary:
    'Adds total rows after the rows: over each dimension and over each combination of them, computed from the rows themselves, with a label where a dimension is totalled.',
  example: {
    step: {
      totalDimensions: [{ totalColumn: 'region', totalRowsLabel: 'All regions' }],
      aggregations: [{ columns: ['sales'], aggFunction: 'sum', newColumns: ['sales'] }],
      groups: ['year'],
    },
    input: {
      columns: { year: 'integer', region: 'text', sales: 'integer' },
      rows: [
        [2023, 'north', 10],
        [2023, 'south', 5],
        [2024, 'north', 12],
        [2024, 'south', 8],
      ],
    },
    output: {
      columns: { year: 'integer', region: 'text', sales: 'integer' },
      rows: [
        [2023, 'north', 10],
        [2023, 'south', 5],
        [2024, 'north', 12],
        [2024, 'south', 8],
        [2023, 'All regions', 15],
        [2024, 'All regions', 20],
      ],
    },
  },
  fields,
  columns: (step, input) => {
    const { dimensions, groups } = namesOf(step)
    findColumns(step, [...dimensions, ...groups], input)
    refuseRepeated(step, [...dimensions, ...groups])
    const figures = figuresOf(step, step.aggregations, input)
    refuseRepeated(step, [...dimensions, ...groups, ...figures.map(({ column }) => column.name)])
    return outputOf(step, figures, input)
  },
  sql: (step, input, context) => {
    const figures = figuresOf(step, step.aggregations, input.columns)
    const columns = outputOf(step, figures, input.columns).map(context.fresh)
    const { dimensions, groups } = namesOf(step)
    const keys = dimensions.map((name) => context.fresh({ ...columnOf(input, name), name: '' }))
    const [part, position] = [
      context.fresh({ name: '', type: 'integer' }),
      context.fresh({ name: '', type: 'integer' }),
    ]
    const numbered = figureRows(input, figures, context)
    const rows = { ...numbered, from: context.shared(select(carried(numbered), numbered.from)) }
    const scope = { step, input: rows, figures, columns, context }
    const totalled = combinations(dimensions.length).map((set, index) => totalBranch(set, index + 1, scope))
    const sorted = groups.map((name) => columns.find((column) => column.name === name) ?? part)
    return {
      from: context.barrier(unionAll([...columns, part, position, ...keys], [rowsBranch(scope), ...totalled])),
      columns,
      order: [part, position, ...sorted, ...keys].map(({ id }) => ({ id, descending: false })),
      inOrder: false,
    }
  },
  mongo: (step, input, context) => {
    const figures = figuresOf(step, step.aggregations, input.columns)
    const { groups, dimensions } = namesOf(step)
    const labels = step.totalDimensions.map(({ totalRowsLabel }) => totalRowsLabel)
    const ways = combinations(dimensions.length)
    const output = outputOf(step, figures, input.columns)
    return totalsMongo({ dimensions, labels, groups, ways, figures, output }, input, context)
  },
})

function namesOf(step: TotalsStep): { dimensions: string[]; groups: string[] } {
  return { dimensions: step.totalDimensions.map(({ totalColumn }) => totalColumn), groups: [...new Set(step.groups)] }
}

/** The columns without those that are only aggregated, dimensions as text, and the figures. */
function outputOf(step: TotalsStep, figures: readonly Figure[], input: readonly Column[]): Column[] {
  const { dimensions, groups } = namesOf(step)
  const kept = new Set([...dimensions, ...groups, ...figures.map(({ column }) => column.name)])
  const replaced = new Set(figures.map(({ source }) => source).filter((name) => !kept.has(name)))
  const columns = input
    .filter(({ name }) => !replaced.has(name))
    .map(({ name, type }): Column => ({ name, type: dimensions.includes(name) ? 'text' : type }))
  return figures.reduce<Column[]>((all, { column }) => withColumn(all, column), columns)
}

interface Scope {
  readonly step: TotalsStep
  readonly input: Relation
  readonly figures: readonly Figure[]
  readonly columns: readonly SqlColumn[]
  readonly context: SqlContext
}

/** The rows as they are, with the figures of each row alone. */
function rowsBranch({ step, input, figures, columns, context }: Scope): Branch {
  const { dialect } = context
  const values = columns.map(({ name, type }) => {
    const figure = figures.find(({ column }) => column.name === name)
    if (figure) return ownFigure(figure, columnOf(input, figure.source), context)
    const column = columnOf(input, name)
    return widened(ref(column), { from: column.type, to: type }, dialect)
  })
  const { order } = input
  const position = order.length > 0 ? sql`row_number() OVER (${windowSql({ order }, dialect)})` : bind(0, 'integer')
  const keys = step.totalDimensions.map(({ totalColumn }) => dialect.nullOf(columnOf(input, totalColumn).type))
  return { values: [...values, bind(0, 'integer'), position, ...keys], from: input.from }
}

/** The total rows in which these dimensions, by their positions, are totalled. */
function totalBranch(totalled: ReadonlySet<number>, part: number, scope: Scope): Branch {
  const { step, input, figures, columns, context } = scope
  const { dialect } = context
  const { dimensions, groups } = namesOf(step)
  const labels = new Map(
    step.totalDimensions
      .filter((_, at) => totalled.has(at))
      .map(({ totalColumn, totalRowsLabel }) => [totalColumn, totalRowsLabel]),
  )
  const by = [...groups, ...dimensions.filter((name) => !labels.has(name))]
  const values = columns.map(({ name, type }): Sql => {
    const figure = figures.find(({ column }) => column.name === name)
    if (figure) return figureSql(figure.aggFunction, columnOf(input, figure.source), { input, context })
    const label = labels.get(name)
    if (label !== undefined) return bind(label, 'text')
    if (!by.includes(name)) return dialect.nullOf(type)
    const column = columnOf(input, name)
    return widened(ref(column), { from: column.type, to: type }, dialect)
  })
  const keys = dimensions.map((name) => {
    const column = columnOf(input, name)
    return labels.has(name) ? dialect.nullOf(column.type) : ref(column)
  })
  return {
    values: [...values, bind(part, 'integer'), bind(0, 'integer'), ...keys],
    from: input.from,
    by: by.map((name) => ref(columnOf(input, name))),
  }
}

/** The figure of a single row: its value, or whether it has one. */
function ownFigure({ aggFunction, column }: Figure, source: SqlColumn, { dialect }: SqlContext): Sql {
  const one = bind(1, 'integer')
  if (aggFunction === 'count distinct including empty') return one
  if (aggFunction === 'count' || aggFunction === 'count distinct') {
    return sql`CASE WHEN ${ref(source)} IS NULL THEN ${bind(0, 'integer')} ELSE ${one} END`
  }
  return widened(ref(source), { from: source.type, to: column.type }, dialect)
}

/** Every set of positions but the empty one: {0}, {0, 1}, {0, 1, 2}, {0, 2}, {1}, … */
function combinations(count: number, from = 0): ReadonlySet<number>[] {
  const starts = Array.from({ length: count - from }, (_, index) => from + index)
  return starts.flatMap((start) => [
    new Set([start]),
    ...combinations(count, start + 1).map((rest) => new Set([start, ...rest])),
  ])
}
