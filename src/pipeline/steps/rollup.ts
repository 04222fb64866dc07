import * as z from 'zod'
import { withValues } from '../mongo/computed.ts'
import { after, hidden, keyOf } from '../mongo/context.ts'
import {
  call,
  choose,
  type Expression,
  firstThat,
  literal,
  literals,
  nothing,
  orNull,
  read,
} from '../mongo/expression.ts'
import { figureMongo } from '../mongo/figures.ts'
import { grouped } from '../mongo/group.ts'
import type { MongoColumn } from '../mongo/relation.ts'
import { widenedValue } from '../mongo/text.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, type SqlContext, select } from '../sql/context.ts'
import { bind, type Sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import { type Branch, unionAll } from '../sql/union.ts'
import type { AnyStep } from '../step.ts'
import type { Column } from '../values.ts'
import { aggregation, figureRows, figureSql, figuresOf } from './aggregations.ts'
import { commonType, widened } from './column-types.ts'
import { findColumns, refuseRepeated } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional } from './fields.ts'

const mostLevels = 50

const fields = record({
  hierarchy: columnNames
    .min(1, 'Give at least one level.')
    .max(mostLevels, `A hierarchy has at most ${mostLevels} levels.`),
  aggregations: optional(z.array(aggregation), []),
  groupby: optional(columnNames, []),
  labelCol: optional(columnName, 'label'),
  levelCol: optional(columnName, 'level'),
  childLevelCol: optional(columnName, 'child_level'),
  parentLabelCol: optional(columnName, 'parent'),
})

type RollupStep = AnyStep & z.output<typeof fields>

export const rollup = defineStep({
  name: 'rollup',
  summary:
    'The figures of each level of a hierarchy, the top level first, each row with its label, its level, the level below and the label above.',
  example: {
    step: {
      hierarchy: ['country', 'city'],
      aggregations: [{ columns: ['sales'], aggFunction: 'sum', newColumns: ['sales'] }],
    },
    input: {
      columns: { country: 'text', city: 'text', sales: 'integer' },
      rows: [
        ['France', 'Paris', 10],
        ['France', 'Lyon', 4],
        ['Spain', 'Madrid', 6],
      ],
    },
    output: {
      columns: {
        city: 'text',
        country: 'text',
        label: 'text',
        level: 'text',
        child_level: 'text',
        parent: 'text',
        sales: 'integer',
      },
      rows: [
        [null, 'France', 'France', 'country', 'city', null, 14],
        [null, 'Spain', 'Spain', 'country', 'city', null, 6],
        ['Lyon', 'France', 'Lyon', 'city', null, 'France', 4],
        ['Paris', 'France', 'Paris', 'city', null, 'France', 10],
        ['Madrid', 'Spain', 'Madrid', 'city', null, 'Spain', 6],
      ],
    },
  },
  fields,
  columns: (step, input) => {
    const { keys, groups, label, level, childLevel, parent, figures } = columnsOf(step, input)
    const above = parent ? [parent] : []
    const columns = [...keys.toReversed(), ...groups, label, level, childLevel, ...above, ...figures]
    refuseRepeated(
      step,
      columns.map(({ name }) => name),
    )
    return columns
  },
  sql: (step, rows, context) => {
    const input = sharedRows(step, figureRows(rows, step.aggregations, context), context)
    const given = columnsOf(step, input.columns)
    const { fresh } = context
    const [keys, groups, figures] = [given.keys.map(fresh), given.groups.map(fresh), given.figures.map(fresh)]
    const [label, level, childLevel] = [fresh(given.label), fresh(given.level), fresh(given.childLevel)]
    const parent = given.parent ? [fresh(given.parent)] : []
    const depth = fresh({ name: '', type: 'integer' })
    const columns = [...keys.toReversed(), ...groups, label, level, childLevel, ...parent, ...figures]
    const branches = step.hierarchy.map((_, at) => levelBranch(step, at, { input, label, context }))
    return {
      from: context.barrier(unionAll([...columns, depth], branches)),
      columns,
      order: [depth, ...keys, ...groups].map(({ id }) => ({ id, descending: false })),
      inOrder: false,
    }
  },
  mongo: (step, input, context) => {
    const given = columnsOf(step, input.columns)
    const depth = hidden(context)
    const source = (name: string): MongoColumn => columnOf(input, name)
    const keys = given.keys.map((key) => ({ from: source(key.name), column: context.fresh(key) }))
    const groups = given.groups.map(({ name }) => source(name))
    const reached = keys.map(({ from, column }, at) => {
      const isReached = call('$gte', [read(depth), literal(at, 'integer')])
      return [column.id, choose(isReached, orNull(read(from)), nothing)] as const
    })
    // Each row once for each level, so that all levels are grouped in one go.
    const rows = after(
      input,
      { $set: { [depth.id]: literals([...keys.keys()], 'integer') } },
      { $unwind: { path: read(depth), preserveNullAndEmptyArrays: false } },
      { $set: Object.fromEntries(reached) },
    )
    const by = [depth, ...keys.map(({ column }) => column), ...groups]
    const figures = figuresOf(step, step.aggregations, input.columns).map(({ column, source: name, aggFunction }) => ({
      column: context.fresh(column),
      figure: figureMongo(aggFunction, source(name), { groups: by, input: rows, context }),
    }))
    const atDepth = (values: readonly (Expression | undefined)[]): Expression =>
      firstThat(
        values.map((value, at) => [call('$eq', [read(depth), literal(at, 'integer')]), value ?? nothing] as const),
        nothing,
      )
    const labels = keys.map(({ column }) => widenedValue(read(column), { from: column.type, to: given.label.type }))
    const names = step.hierarchy.map((name) => literal(name, 'text'))
    const described = [
      { column: given.label, value: atDepth(labels) },
      { column: given.level, value: atDepth(names) },
      { column: given.childLevel, value: atDepth([...names.slice(1), undefined]) },
      ...(given.parent ? [{ column: given.parent, value: atDepth([undefined, ...labels.slice(0, -1)]) }] : []),
    ]
    const found = grouped(rows, { groups: by, figures }, context)
    const before = [...keys.map(({ column }) => column).toReversed(), ...groups]
    const whole = withValues({ ...found, columns: before }, described, context)
    return {
      ...whole,
      columns: [...whole.columns, ...figures.map(({ column }) => column)],
      order: by.map((column) => keyOf(column, false)),
      inOrder: false,
    }
  },
})

interface RollupColumns {
  readonly keys: readonly Column[]
  readonly groups: readonly Column[]
  readonly label: Column
  readonly level: Column
  readonly childLevel: Column
  /** Only when there is more than one level. */
  readonly parent: Column | undefined
  readonly figures: readonly Column[]
}

function columnsOf(step: RollupStep, input: readonly Column[]): RollupColumns {
  const keys = findColumns(step, step.hierarchy, input).map(({ name, type }) => ({ name, type }))
  const groups = findColumns(step, [...new Set(step.groupby)], input).map(({ name, type }) => ({ name, type }))
  // Labels and the labels above them can be compared, so they have one type.
  const type = commonType(keys.map((key) => key.type))
  return {
    keys,
    groups,
    label: { name: step.labelCol, type },
    level: { name: step.levelCol, type: 'text' },
    childLevel: { name: step.childLevelCol, type: 'text' },
    parent: keys.length > 1 ? { name: step.parentLabelCol, type } : undefined,
    figures: figuresOf(step, step.aggregations, input).map(({ column }) => column),
  }
}

/** What the levels need of the rows; computed once when there is more than one level. */
function sharedRows(step: RollupStep, input: Relation, context: SqlContext): Relation {
  if (step.hierarchy.length === 1) return input
  const sources = step.aggregations.flatMap(({ columns }) => columns)
  const needed = new Set([...step.hierarchy, ...step.groupby, ...sources])
  const columns = input.columns.filter(({ name }) => needed.has(name))
  const rows = { ...input, columns }
  return { ...rows, from: context.shared(select(carried(rows), input.from)) }
}

interface LevelScope {
  readonly input: Relation
  readonly label: SqlColumn
  readonly context: SqlContext
}

/** The rows of one level: the levels down to it are group keys, those below are null. */
function levelBranch(step: RollupStep, at: number, { input, label, context }: LevelScope): Branch {
  const { dialect } = context
  const keys = step.hierarchy.map((name) => columnOf(input, name))
  const groups = [...new Set(step.groupby)].map((name) => columnOf(input, name))
  const levelValues = keys.map((key, index) => (index <= at ? ref(key) : dialect.nullOf(key.type)))
  const labelOf = (key: SqlColumn | undefined): Sql =>
    key ? widened(ref(key), { from: key.type, to: label.type }, dialect) : dialect.nullOf(label.type)
  const nextLevel = step.hierarchy[at + 1]
  const figures = figuresOf(step, step.aggregations, input.columns).map(({ source, aggFunction }) =>
    figureSql(aggFunction, columnOf(input, source), { input, context }),
  )
  return {
    values: [
      ...levelValues.toReversed(),
      ...groups.map(ref),
      labelOf(keys[at]),
      bind(step.hierarchy[at] ?? null, 'text'),
      nextLevel === undefined ? dialect.nullOf('text') : bind(nextLevel, 'text'),
      ...(keys.length > 1 ? [labelOf(keys[at - 1])] : []),
      ...figures,
      bind(at, 'integer'),
    ],
    from: input.from,
    by: [...keys.slice(0, at + 1), ...groups].map(ref),
  }
}
