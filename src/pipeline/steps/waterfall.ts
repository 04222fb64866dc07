import * as z from 'zod'
import type { Condition } from '../condition.ts'
import { type Expression, literal } from '../mongo/expression.ts'
import { textOf } from '../mongo/text.ts'
import { type MongoWaterfall, waterfallMongo } from '../mongo/waterfall.ts'
import { record } from '../parsing/record.ts'
import { conditionSql } from '../sql/condition.ts'
import { columnOf, ref, type SqlContext, select } from '../sql/context.ts'
import { bind, joinSql, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import { type Branch, unionAll } from '../sql/union.ts'
import type { AnyStep } from '../step.ts'
import type { Column, ColumnType } from '../values.ts'
import { findNumbers, isNumeric, widened } from './column-types.ts'
import { findColumns, refuseRepeated } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional } from './fields.ts'

const milestone = z.union(
  [z.string(), z.number(), z.bigint(), z.boolean(), z.date()],
  'This should be a value of the milestones.',
)
type Milestone = z.output<typeof milestone>

const fields = record({
  valueColumn: columnName,
  milestonesColumn: columnName,
  start: milestone,
  end: milestone,
  labelsColumn: columnName,
  parentsColumn: columnName.nullish(),
  groupby: optional(columnNames, []),
  sortBy: z.enum(['value', 'label']),
  order: z.enum(['asc', 'desc']),
  backfill: optional(z.boolean(), true),
})

type WaterfallStep = AnyStep & z.output<typeof fields>

export const waterfall = defineStep({
  name: 'waterfall',
  summary:
    'From the total at one milestone to the total at another: both totals, and between them by how much each label (and each parent) changed.',
  example: {
    step: {
      valueColumn: 'sales',
      milestonesColumn: 'year',
      start: 2023,
      end: 2024,
      labelsColumn: 'product',
      sortBy: 'value',
      order: 'desc',
    },
    input: {
      columns: { product: 'text', year: 'integer', sales: 'integer' },
      rows: [
        ['tea', 2023, 10],
        ['coffee', 2023, 20],
        ['tea', 2024, 16],
        ['coffee', 2024, 18],
      ],
    },
    output: {
      columns: { LABEL_waterfall: 'text', TYPE_waterfall: 'text', sales: 'integer' },
      rows: [
        ['2023', null, 30],
        ['tea', 'parent', 6],
        ['coffee', 'parent', -2],
        ['2024', null, 34],
      ],
    },
  },
  fields,
  columns: (step, input) => {
    const names = [step.milestonesColumn, step.labelsColumn, ...parentNames(step), ...step.groupby]
    findColumns(step, names, input)
    const columns = outputOf(step, input)
    refuseRepeated(
      step,
      columns.map(({ name }) => name),
    )
    return columns
  },
  sql: (step, input, context) => {
    const columns = outputOf(step, input.columns).map(context.fresh)
    const [label, value] = [named(columns, labelName), named(columns, step.valueColumn)]
    const block = context.fresh({ name: '', type: 'integer' })
    const changes = changesOf(step, input, context)
    const parents = step.parentsColumn ? [parentsBranch(changes)] : []
    const branches = [
      totalsBranch(step.start, changes.start, changes),
      childrenBranch(changes),
      ...parents,
      totalsBranch(step.end, changes.end, changes),
    ]
    const from = unionAll(
      [...columns, block],
      branches.map((branch, index) => ({ ...branch, values: [...branch.values, bind(index, 'integer')] })),
    )
    const sorted = { id: step.sortBy === 'value' ? value.id : label.id, descending: step.order === 'desc' }
    const above = step.parentsColumn ? [named(columns, parentName)] : []
    const rest = [label, ...columns.slice(0, changes.groups.length), ...above]
    const ties = rest.map(({ id }) => ({ id, descending: false })).filter(({ id }) => id !== sorted.id)
    const order = [{ id: block.id, descending: false }, sorted, ...ties]
    return { from: context.barrier(from), columns, order, inOrder: false }
  },
  mongo: (step, input, context) => {
    const milestones = columnOf(input, step.milestonesColumn)
    const side = (milestone: Milestone) => ({ condition: isAt(milestone, milestones), label: milestoneText(milestone) })
    const waterfall: MongoWaterfall = {
      groups: [...new Set(step.groupby)].map((name) => columnOf(input, name)),
      label: columnOf(input, step.labelsColumn),
      parent: step.parentsColumn ? columnOf(input, step.parentsColumn) : undefined,
      value: columnOf(input, step.valueColumn),
      start: side(step.start),
      end: side(step.end),
      backfill: step.backfill,
      sortBy: step.sortBy,
      descending: step.order === 'desc',
      output: outputOf(step, input.columns),
    }
    return waterfallMongo(waterfall, input, context)
  },
})

const labelName = 'LABEL_waterfall'
const parentName = 'GROUP_waterfall'

function parentNames({ parentsColumn }: WaterfallStep): string[] {
  return typeof parentsColumn === 'string' ? [parentsColumn] : []
}

function outputOf(step: WaterfallStep, input: readonly Column[]): Column[] {
  const groups = findColumns(step, [...new Set(step.groupby)], input).map(({ name, type }) => ({ name, type }))
  const values = findNumbers(step, [step.valueColumn], input)
  return [
    ...groups,
    { name: labelName, type: 'text' },
    ...parentNames(step).map((): Column => ({ name: parentName, type: 'text' })),
    { name: 'TYPE_waterfall', type: 'text' },
    ...values,
  ]
}

function named(columns: readonly SqlColumn[], name: string): SqlColumn {
  return columnOf({ columns }, name)
}

/** What each label is worth at both milestones: one row for each label, with its parent and groups. */
interface Changes {
  readonly from: Sql
  readonly groups: readonly SqlColumn[]
  readonly label: SqlColumn
  readonly parent: SqlColumn | undefined
  readonly start: SqlColumn
  readonly end: SqlColumn
  readonly context: SqlContext
}

function changesOf(step: WaterfallStep, input: Relation, context: SqlContext): Changes {
  const { dialect } = context
  const groups = [...new Set(step.groupby)].map((name) => columnOf(input, name))
  const label = columnOf(input, step.labelsColumn)
  const parent = step.parentsColumn ? columnOf(input, step.parentsColumn) : undefined
  const value = columnOf(input, step.valueColumn)
  const sides = [step.start, step.end].map((side) => {
    const holds = conditionSql(
      isAt(side, columnOf(input, step.milestonesColumn)),
      (name) => columnOf(input, name),
      context,
    )
    const sum = dialect.sum(sql`CASE WHEN ${holds} THEN ${ref(value)} END`, value.type)
    return { holds, sum, column: context.fresh({ name: '', type: value.type }) }
  })
  const keys = joinSql([...new Set([...groups, label, ...(parent ? [parent] : [])])].map(ref), ', ')
  const sums = joinSql(
    sides.map(({ sum, column }) => sql`${sum} AS ${ref(column)}`),
    ', ',
  )
  const holding = sides.map(({ holds }) => holds)
  const rows = sql`${select(sql`${keys}, ${sums}`, input.from)} WHERE (${joinSql(holding, ' OR ')}) GROUP BY ${keys}`
  const onBothSides = joinSql(
    holding.map((holds) => sql`count(CASE WHEN ${holds} THEN 1 END) > 0`),
    ' AND ',
  )
  const from = context.shared(step.backfill ? rows : sql`${rows} HAVING ${onBothSides}`)
  const [start = value, end = value] = sides.map(({ column }) => column)
  return { from, groups, label, parent, start, end, context }
}

/** Numbers may come as text, as everywhere. */
function isAt(side: Milestone, { name, type }: SqlColumn): Condition {
  const isNumber = typeof side === 'string' && isNumeric(type) && side.trim() !== '' && Number.isFinite(Number(side))
  return { column: name, operator: 'eq', value: isNumber ? Number(side) : side }
}

function totalsBranch(side: Milestone, worth: SqlColumn, { from, groups, parent, context }: Changes): Branch {
  const { dialect } = context
  const label = side instanceof Date ? dialect.textOf(bind(side, 'date'), 'date') : bind(String(side), 'text')
  return {
    values: [...groups.map(ref), label, ...(parent ? [label] : []), dialect.nullOf('text'), sumOf(worth, context)],
    from,
    by: groups.map(ref),
  }
}

function childrenBranch({ from, groups, label, parent, start, end, context }: Changes): Branch {
  return {
    values: [
      ...groups.map(ref),
      asText(label, context),
      ...(parent ? [asText(parent, context)] : []),
      bind(parent ? 'child' : 'parent', 'text'),
      difference(ref(end), ref(start), { type: start.type, context }),
    ],
    from,
  }
}

function parentsBranch({ from, groups, label, parent = label, start, end, context }: Changes): Branch {
  const change = difference(sumOf(end, context), sumOf(start, context), { type: start.type, context })
  const name = asText(parent, context)
  return {
    values: [...groups.map(ref), name, name, bind('parent', 'text'), change],
    from,
    by: [...groups, parent].map(ref),
  }
}

function asText(column: SqlColumn, { dialect }: SqlContext): Sql {
  return widened(ref(column), { from: column.type, to: 'text' }, dialect)
}

/** The sum of sums: null when one of them is null because it fits no column. */
function sumOf(column: SqlColumn, { dialect }: SqlContext): Sql {
  return sql`CASE WHEN count(${ref(column)}) = count(*) THEN ${dialect.sum(ref(column), column.type)} END`
}

function difference(a: Sql, b: Sql, { type, context }: { type: ColumnType; context: SqlContext }): Sql {
  const { dialect } = context
  if (type === 'integer') return dialect.operate('-', [a, b], 'integer')
  return dialect.finite(dialect.operate('-', [a, b], 'number'))
}

function milestoneText(side: Milestone): Expression {
  return side instanceof Date ? textOf(literal(side, 'date'), 'date') : literal(String(side), 'text')
}
