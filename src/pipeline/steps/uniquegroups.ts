import { grouped } from '../mongo/group.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref, select } from '../sql/context.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import { findColumns } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnNames } from './fields.ts'

export const uniquegroups = defineStep({
  name: 'uniquegroups',
  summary: 'The combinations of values that occur in some columns, each once, in order; other columns are dropped.',
  example: {
    step: { on: ['region', 'product'] },
    input: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['south', 'tea', 7],
        ['north', 'tea', 10],
        ['south', 'tea', 3],
        ['north', 'coffee', 5],
      ],
    },
    output: {
      columns: { region: 'text', product: 'text' },
      rows: [
        ['north', 'coffee'],
        ['north', 'tea'],
        ['south', 'tea'],
      ],
    },
  },
  fields: record({ on: columnNames.min(1, 'Give at least one column.') }),
  columns: (step, input) => findColumns(step, [...new Set(step.on)], input),
  sql: (step, input, context) => {
    const columns = [...new Set(step.on)].map((name) => columnOf(input, name))
    const list = joinSql(columns.map(ref), ', ')
    return {
      from: context.barrier(sql`${select(list, input.from)} GROUP BY ${list}`),
      columns,
      order: columns.map(({ id }) => ({ id, descending: false })),
      inOrder: false,
    }
  },
  mongo: (step, input, context) => {
    const groups = [...new Set(step.on)].map((name) => columnOf(input, name))
    return grouped(input, { groups, figures: [] }, context)
  },
})
