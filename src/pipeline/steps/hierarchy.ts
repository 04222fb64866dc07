import * as z from 'zod'
import { after, type MongoContext } from '../mongo/context.ts'
import { call, choose, firstThat, isNull, literal, nothing, orNull, read } from '../mongo/expression.ts'
import { grouped } from '../mongo/group.ts'
import type { MongoRelation } from '../mongo/relation.ts'
import { groupNumbers, numberedShapes as mongoNumberedShapes, nthShape } from '../mongo/shapes.ts'
import { appended } from '../mongo/union.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, type SqlContext, select } from '../sql/context.ts'
import { bind, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import { type Branch, unionAll } from '../sql/union.ts'
import { windowSql } from '../sql/window.ts'
import type { Column } from '../values.ts'
import { findColumns, stepProblem, withColumn } from './columns.ts'
import { defineStep, type StepOf } from './definition.ts'
import { columnName, columnNames, optional } from './fields.ts'
import { findGeometry, geometryColumn, numberedShapes, type ShapeState, settledShape, withoutNulls } from './shapes.ts'

const fields = record({
  hierarchy: columnNames.min(1, 'Give at least one column.').max(20, 'A hierarchy has at most 20 columns.'),
  hierarchyLevelColumn: optional(columnName, 'hierarchy_level'),
  includeNulls: optional(z.boolean(), false),
})

export type HierarchyStep = StepOf<'hierarchy', z.output<typeof fields>> & ShapeState

export const hierarchy = defineStep({
  name: 'hierarchy',
  summary:
    'The rows, and after them a row for each group of the hierarchy, the deepest level first, with one shape made of those of its rows. A column tells the level, 0 for the groups of the first column. Rows with null in a column of the hierarchy are in none of its groups. Shapes are GeoJSON texts in the column "geometry".',
  example: {
    step: { hierarchy: ['country'], hierarchyLevelColumn: 'level' },
    input: {
      columns: { country: 'text', city: 'text', geometry: 'text' },
      rows: [
        ['France', 'Lyon', '{"type":"Point","coordinates":[5,46]}'],
        ['France', 'Paris', '{"type":"Point","coordinates":[2,49]}'],
      ],
    },
    output: {
      columns: { country: 'text', city: 'text', geometry: 'text', level: 'integer' },
      rows: [
        ['France', 'Lyon', '{"type":"Point","coordinates":[5,46]}', 1],
        ['France', 'Paris', '{"type":"Point","coordinates":[2,49]}', 1],
        ['France', null, '{"type":"MultiPoint","coordinates":[[5,46],[2,49]]}', 0],
      ],
    },
  },
  fields,
  columns: (step: HierarchyStep, input): readonly Column[] => {
    const { hierarchy, hierarchyLevelColumn: level } = step
    findColumns(step, hierarchy, input)
    const geometry = findGeometry(step, input)
    const own = [...hierarchy, geometryColumn]
    if (own.includes(level))
      throw stepProblem(step, `the level would replace the column "${level}".`, { column: level })
    return step.shapes === 'wanted' ? [geometry] : withColumn(input, { name: level, type: 'integer' })
  },
  sql: (step: HierarchyStep, input, context) => {
    const groupings = groupingsOf(step)
    if (step.shapes === 'wanted') return numberedShapes(input, { groupings, includeNulls: false }, context)
    const level: Column = { name: step.hierarchyLevelColumn, type: 'integer' }
    const columns = withColumn<Column>(input.columns, level).map((column) => context.fresh(column))
    const part = context.fresh({ name: '', type: 'integer' })
    const position = context.fresh({ name: '', type: 'integer' })
    const rows = { ...input, from: context.shared(select(carried(input), input.from)) }
    const scope: Scope = { step, input: rows, columns, context }
    const branches = [
      rowsBranch(scope),
      ...groupings.map((groups, depth) => levelBranch(groups, depth, scope)).reverse(),
    ]
    return {
      from: context.barrier(unionAll([...columns, part, position], branches)),
      columns,
      order: [part, position].map(({ id }) => ({ id, descending: false })),
      inOrder: false,
    }
  },
  mongo: (step: HierarchyStep, input, context) => {
    const groupings = groupingsOf(step)
    if (step.shapes === 'wanted') return mongoNumberedShapes(input, { groupings, includeNulls: false }, context)
    const level = context.fresh({ name: step.hierarchyLevelColumn, type: 'integer' })
    const columns = withColumn(input.columns, level)
    const rows = after(input, { $set: { [level.id]: literal(step.hierarchy.length, 'integer') } })
    return appended([{ ...rows, columns }, levelsMongo(step, input, context)], columns, context)
  },
})

/** The columns of each level, the top one first. */
export function groupingsOf({ hierarchy }: HierarchyStep): string[][] {
  return hierarchy.map((_, depth) => hierarchy.slice(0, depth + 1))
}

interface Scope {
  readonly step: HierarchyStep
  readonly input: Relation
  readonly columns: readonly SqlColumn[]
  readonly context: SqlContext
}

function rowsBranch({ step, input, columns, context }: Scope): Branch {
  const { order } = input
  const values = columns.map(({ name }) =>
    name === step.hierarchyLevelColumn
      ? bind(step.hierarchy.length, 'integer')
      : valueIn(columnOf(input, name), context),
  )
  const position =
    order.length > 0 ? sql`row_number() OVER (${windowSql({ order }, context.dialect)})` : bind(0, 'integer')
  return { values: [...values, bind(0, 'integer'), position], from: input.from }
}

function levelBranch(groups: readonly string[], depth: number, { step, input, columns, context }: Scope): Branch {
  const rows = withoutNulls(input, groups, context)
  const keys = [...new Set(groups)].map((name) => columnOf(input, name))
  const position = sql`row_number() OVER (${windowSql({ order: keys.map(({ id }) => ({ id, descending: false })) }, context.dialect)})`
  const values = columns.map(({ name, type }): Sql => {
    if (name === step.hierarchyLevelColumn) return bind(depth, 'integer')
    if (name === geometryColumn) return settledShape(step, { list: depth, n: position }, context)
    const key = keys.find((each) => each.name === name)
    return key ? valueIn(key, context) : context.dialect.nullOf(type)
  })
  const part = bind(step.hierarchy.length - depth, 'integer')
  return { values: [...values, part, position], from: rows.from, by: keys.map(ref) }
}

/** Texts as such in all branches, whatever the database keeps them as. */
function valueIn(column: SqlColumn, { dialect }: SqlContext): Sql {
  return column.type === 'text' ? dialect.textOf(ref(column), 'text') : ref(column)
}

/** Each row once for each level that it has a group on, so that all levels are grouped in one go; the deepest level first. */
function levelsMongo(step: HierarchyStep, input: MongoRelation, context: MongoContext): MongoRelation {
  const sources = step.hierarchy.map((name) => columnOf(input, name))
  const depth = context.fresh({ name: step.hierarchyLevelColumn, type: 'integer' })
  const keys = sources.map((source) => ({ source, column: context.fresh(source) }))
  const levels = firstThat(
    sources.map((source, at) => [isNull(read(source)), literal(at, 'integer')] as const),
    literal(sources.length, 'integer'),
  )
  const reached = keys.map(({ source, column }, at) => {
    const isReached = call('$gte', [read(depth), literal(at, 'integer')])
    return [column.id, choose(isReached, orNull(read(source)), nothing)] as const
  })
  const rows = after(
    input,
    { $set: { [depth.id]: call('$range', [literal(0, 'integer'), levels]) } },
    { $unwind: { path: read(depth), preserveNullAndEmptyArrays: false } },
    { $set: Object.fromEntries(reached) },
  )
  const groups = keys.map(({ column }) => column)
  const found = grouped(rows, { groups: [depth, ...groups], figures: [] }, context)
  const { rows: numbered, number } = groupNumbers(found, { by: [depth], groups, nullable: false }, context)
  const geometry = context.fresh({ name: geometryColumn, type: 'text' })
  const shapes = groups.map((_, at) => {
    const isIt = call('$eq', [read(depth), literal(at, 'integer')])
    return [isIt, nthShape(step, { list: at, n: read(number) })] as const
  })
  return {
    ...after(numbered, { $set: { [geometry.id]: firstThat(shapes, nothing) } }),
    columns: [...groups, geometry, depth],
    order: [
      { id: depth.id, descending: true, nullable: false },
      { id: number.id, descending: false, nullable: false },
    ],
  }
}
