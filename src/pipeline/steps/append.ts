import { appended } from '../mongo/union.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref, type SqlContext } from '../sql/context.ts'
import { bind, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import { unionAll } from '../sql/union.ts'
import { windowSql } from '../sql/window.ts'
import type { Column } from '../values.ts'
import { commonType, widened } from './column-types.ts'
import { defineStep } from './definition.ts'
import { pipelinesField } from './fields.ts'

export const append = defineStep({
  name: 'append',
  summary:
    'Adds the rows of other pipelines after the rows, by the names of their columns; what a pipeline lacks is null. A column gets the type that all its values fit.',
  example: {
    step: { pipelines: ['sales_2025'] },
    input: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['tea', 10],
        ['coffee', 14],
      ],
    },
    others: {
      sales_2025: {
        columns: { product: 'text', sales: 'integer', region: 'text' },
        rows: [
          ['tea', 12, 'north'],
          ['cocoa', 5, 'south'],
        ],
      },
    },
    output: {
      columns: { product: 'text', sales: 'integer', region: 'text' },
      rows: [
        ['tea', 10, null],
        ['coffee', 14, null],
        ['tea', 12, 'north'],
        ['cocoa', 5, 'south'],
      ],
    },
  },
  fields: record({ pipelines: pipelinesField }),
  pipelineLists: ['pipelines'],
  columns: (step, input, context) => together([input, ...step.pipelines.map(context.columnsOf)]),
  sql: (step, input, context) => {
    const relations = [input, ...step.pipelines.map(context.relation)]
    if (relations.length === 1) return input
    const columns = together(relations.map((relation) => relation.columns)).map(context.fresh)
    const part = context.fresh({ name: '', type: 'integer' })
    const position = context.fresh({ name: '', type: 'integer' })
    const branches = relations.map((relation, index) => ({
      values: [
        ...columns.map((column) => valueIn(relation, column, context)),
        bind(index, 'integer'),
        positionIn(relation, context),
      ],
      from: relation.from,
    }))
    return {
      from: context.barrier(unionAll([...columns, part, position], branches)),
      columns,
      order: [part, position].map(({ id }) => ({ id, descending: false })),
      inOrder: false,
    }
  },
  mongo: (step, input, context) => {
    const relations = [input, ...step.pipelines.map(context.relation)]
    return appended(relations, together(relations.map(({ columns }) => columns)), context)
  },
})

/** The columns of all, each once, in the order in which they are first seen. */
function together(tables: readonly (readonly Column[])[]): Column[] {
  const types = new Map<string, Column['type'][]>()
  for (const { name, type } of tables.flat()) types.set(name, [...(types.get(name) ?? []), type])
  return [...types].map(([name, all]) => ({ name, type: commonType(all) }))
}

function valueIn(relation: Relation, { name, type }: SqlColumn, { dialect }: SqlContext): Sql {
  if (!relation.columns.some((column) => column.name === name)) return dialect.nullOf(type)
  const own = columnOf(relation, name)
  return widened(ref(own), { from: own.type, to: type }, dialect)
}

/** One number instead of the order keys, whose number and types differ from pipeline to pipeline. */
function positionIn({ order }: Relation, { dialect }: SqlContext): Sql {
  return order.length === 0 ? bind(0, 'integer') : sql`row_number() OVER (${windowSql({ order }, dialect)})`
}
