import * as z from 'zod'
import { after } from '../mongo/context.ts'
import { read } from '../mongo/expression.ts'
import { figureMongo } from '../mongo/figures.ts'
import { grouped } from '../mongo/group.ts'
import {
  groupNumbers,
  numberedShapes as mongoNumberedShapes,
  nthShape,
  withoutNulls as withoutMongoNulls,
} from '../mongo/shapes.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref, select } from '../sql/context.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { windowSql } from '../sql/window.ts'
import type { Column } from '../values.ts'
import { aggregate } from './aggregate.ts'
import { aggregation, figuresOf } from './aggregations.ts'
import { findColumns, refuseRepeated } from './columns.ts'
import { defineStep, type StepOf } from './definition.ts'
import { columnNames, optional } from './fields.ts'
import { findGeometry, geometryColumn, numberedShapes, type ShapeState, settledShape, withoutNulls } from './shapes.ts'

const fields = record({
  groups: columnNames.min(1, 'Give at least one column.'),
  aggregations: optional(z.array(aggregation), []),
  includeNulls: optional(z.boolean(), false),
})

export type DissolveStep = StepOf<'dissolve', z.output<typeof fields>> & ShapeState

export const dissolve = defineStep({
  name: 'dissolve',
  summary:
    'One row for each group, ordered by the groups, with one shape made of those of its rows and with aggregations. Rows with null in a group are left out unless asked for. Shapes are GeoJSON texts in the column "geometry".',
  example: {
    step: {
      groups: ['region'],
      aggregations: [{ columns: ['people'], aggFunction: 'sum', newColumns: ['people'] }],
    },
    input: {
      columns: { region: 'text', people: 'integer', geometry: 'text' },
      rows: [
        ['north', 20, '{"type":"Point","coordinates":[2,48]}'],
        ['south', 10, '{"type":"Point","coordinates":[1,43]}'],
        ['north', 30, '{"type":"Point","coordinates":[3,50]}'],
      ],
    },
    output: {
      columns: { region: 'text', people: 'integer', geometry: 'text' },
      rows: [
        ['north', 50, '{"type":"MultiPoint","coordinates":[[2,48],[3,50]]}'],
        ['south', 10, '{"type":"Point","coordinates":[1,43]}'],
      ],
    },
  },
  fields,
  columns: (step: DissolveStep, input): readonly Column[] => {
    findColumns(step, [...step.groups, ...step.aggregations.flatMap(({ columns }) => columns), geometryColumn], input)
    const geometry = findGeometry(step, input)
    if (step.shapes === 'wanted') return [geometry]
    const figures = figuresOf(step, step.aggregations, input).map(({ column }) => column)
    const columns = [...findColumns(step, [...new Set(step.groups)], input), ...figures, geometry]
    refuseRepeated(
      step,
      columns.map(({ name }) => name),
    )
    return columns
  },
  sql: (step: DissolveStep, input, context) => {
    const { groups: on, aggregations, includeNulls } = step
    if (step.shapes === 'wanted') return numberedShapes(input, { groupings: [on], includeNulls }, context)
    const rows = includeNulls ? input : withoutNulls(input, on, context)
    const plain = { name: 'aggregate', on, aggregations, keepOriginalGranularity: false, countNulls: false } as const
    const aggregated = aggregate.sql(plain, rows, context)
    const geometry = context.fresh({ name: geometryColumn, type: 'text' })
    const number = sql`row_number() OVER (${windowSql({ order: aggregated.order }, context.dialect)})`
    const list = [
      ...aggregated.columns.map(ref),
      sql`${settledShape(step, { list: 0, n: number }, context)} AS ${ref(geometry)}`,
    ]
    const from = context.barrier(select(joinSql(list, ', '), aggregated.from))
    return { ...aggregated, from, columns: [...aggregated.columns, geometry] }
  },
  mongo: (step: DissolveStep, input, context) => {
    const { groups: on, includeNulls } = step
    if (step.shapes === 'wanted') return mongoNumberedShapes(input, { groupings: [on], includeNulls }, context)
    const rows = includeNulls ? input : withoutMongoNulls(input, on)
    const groups = [...new Set(on)].map((name) => columnOf(input, name))
    const figures = figuresOf(step, step.aggregations, input.columns).map(({ column, source, aggFunction }) => ({
      column: context.fresh(column),
      figure: figureMongo(aggFunction, columnOf(input, source), { groups, input: rows, context }),
    }))
    const aggregated = grouped(rows, { groups, figures }, context)
    const numbered = groupNumbers(aggregated, { by: [], groups, nullable: true }, context)
    const geometry = context.fresh({ name: geometryColumn, type: 'text' })
    const shape = nthShape(step, { list: 0, n: read(numbered.number) })
    return {
      ...after(numbered.rows, { $set: { [geometry.id]: shape } }),
      columns: [...aggregated.columns, geometry],
    }
  },
})
