import * as z from 'zod'
import { withValues } from '../mongo/computed.ts'
import { after, hidden, keyOf } from '../mongo/context.ts'
import { call, choose, isNull, nothing, read } from '../mongo/expression.ts'
import { grouped } from '../mongo/group.ts'
import { nthShape, withoutNulls } from '../mongo/shapes.ts'
import { windowed } from '../mongo/window.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref, select } from '../sql/context.ts'
import { sql } from '../sql/fragment.ts'
import { windowSql } from '../sql/window.ts'
import type { Column } from '../values.ts'
import { withComputed } from './computed.ts'
import { defineStep, type StepOf } from './definition.ts'
import { optional } from './fields.ts'
import { findGeometry, geometryColumn, type ShapeState, settledShape } from './shapes.ts'

const positive = z.preprocess(
  (raw) => (typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw),
  z.number().positive('The tolerance is above 0.'),
)

const fields = record({ tolerance: optional(positive, 1) })

export type SimplifyStep = StepOf<'simplify', z.output<typeof fields>> & ShapeState

export const simplify = defineStep({
  name: 'simplify',
  summary:
    'Shapes with fewer vertices: none that is left out is further than the tolerance, in the unit of the coordinates, from the new border. Borders that shapes share stay shared. Shapes are GeoJSON texts in the column "geometry".',
  example: {
    step: { tolerance: 0.5 },
    input: {
      columns: { road: 'text', geometry: 'text' },
      rows: [
        ['A1', '{"type":"LineString","coordinates":[[0,0],[1,0.2],[2,0],[2,3]]}'],
        ['A2', '{"type":"LineString","coordinates":[[5,0],[6,4]]}'],
      ],
    },
    output: {
      columns: { road: 'text', geometry: 'text' },
      rows: [
        ['A1', '{"type":"LineString","coordinates":[[0,0],[2,0],[2,3]]}'],
        ['A2', '{"type":"LineString","coordinates":[[5,0],[6,4]]}'],
      ],
    },
  },
  fields,
  columns: (step: SimplifyStep, input): readonly Column[] => {
    const geometry = findGeometry(step, input)
    return step.shapes === 'wanted' ? [geometry] : input
  },
  sql: (step: SimplifyStep, input, context) => {
    const geometry = columnOf(input, geometryColumn)
    const order = [{ id: geometry.id, descending: false }]
    if (step.shapes === 'wanted') {
      const present = sql`${select(ref(geometry), input.from)} WHERE ${ref(geometry)} IS NOT NULL`
      const from = context.barrier(sql`${present} GROUP BY ${ref(geometry)}`)
      return { from, columns: [geometry], order, inOrder: false }
    }
    // Nulls come last, so they do not count among the different shapes.
    const number = sql`dense_rank() OVER (${windowSql({ order }, context.dialect)})`
    const value = settledShape(step, { list: 0, n: number }, context)
    const computed = withComputed(input, [{ column: { name: geometryColumn, type: 'text' }, value }], context)
    // A window gives rows in an order of its own.
    return { ...computed, inOrder: false }
  },
  mongo: (step: SimplifyStep, input, context) => {
    const geometry = columnOf(input, geometryColumn)
    if (step.shapes === 'wanted') {
      return grouped(withoutNulls(input, [geometryColumn]), { groups: [geometry], figures: [] }, context)
    }
    const [isMissing, number] = [hidden(context), hidden(context)]
    const output = { [number.id]: call('$denseRank', {}) }
    const order = [{ ...keyOf(geometry, false), nullable: false }]
    // Nulls apart from the others, since they come first here.
    const flagged = after(input, { $set: { [isMissing.id]: isNull(read(geometry)) } })
    const rows = windowed(flagged, { by: [isMissing], order, output }, context)
    const value = choose(read(isMissing), nothing, nthShape(step, { list: 0, n: read(number) }))
    return withValues(rows, [{ column: { name: geometryColumn, type: 'text' }, value }], context)
  },
})
