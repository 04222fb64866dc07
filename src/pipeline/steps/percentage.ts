import { after, hidden } from '../mongo/context.ts'
import { call, finite, read } from '../mongo/expression.ts'
import { division } from '../mongo/formula.ts'
import { windowed } from '../mongo/window.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref } from '../sql/context.ts'
import { sql } from '../sql/fragment.ts'
import { windowSql } from '../sql/window.ts'
import { findNumbers } from './column-types.ts'
import { findColumns, withColumn } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional } from './fields.ts'

export const percentage = defineStep({
  name: 'percentage',
  summary:
    'The share of each row in the sum of a column, in all or in each group, from 0 to 1; null where the sum is 0.',
  example: {
    step: { column: 'sales', group: ['region'] },
    input: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['north', 'tea', 30],
        ['north', 'coffee', 10],
        ['south', 'tea', 20],
      ],
    },
    output: {
      columns: { region: 'text', product: 'text', sales: 'integer', sales_PCT: 'number' },
      rows: [
        ['north', 'tea', 30, 0.75],
        ['north', 'coffee', 10, 0.25],
        ['south', 'tea', 20, 1],
      ],
    },
  },
  fields: record({ column: columnName, group: optional(columnNames, []), newColumnName: columnName.nullish() }),
  columns: (step, input) => {
    findColumns(step, step.group, input)
    findNumbers(step, [step.column], input)
    return withColumn(input, { name: newName(step), type: 'number' })
  },
  sql: (step, input, context) => {
    const { dialect } = context
    const value = ref(columnOf(input, step.column))
    const window = windowSql({ by: step.group.map((name) => columnOf(input, name)) }, dialect)
    const sum = ref(context.fresh({ name: '', type: 'number' }))
    const column = context.fresh({ name: newName(step), type: 'number' })
    const summed = context.barrier(
      sql`SELECT ${carried(input)}, ${dialect.groups.windowSum(value, 'number', window)} AS ${sum} FROM ${input.from}`,
    )
    const share = dialect.finite(dialect.operate('/', [value, sum], 'number'))
    return {
      from: context.computed(sql`SELECT ${carried(input)}, ${share} AS ${ref(column)} FROM ${summed}`),
      columns: withColumn(input.columns, column),
      order: input.order,
      inOrder: false,
    }
  },
  mongo: (step, input, context) => {
    const value = call('$toDouble', read(columnOf(input, step.column)))
    const sum = hidden(context)
    const column = context.fresh({ name: newName(step), type: 'number' })
    const by = step.group.map((name) => columnOf(input, name))
    const summed = windowed(input, { by, output: { [sum.id]: call('$sum', value) } }, context)
    const share = finite(division('/', value, read(sum)))
    return { ...after(summed, { $set: { [column.id]: share } }), columns: withColumn(input.columns, column) }
  },
})

function newName(step: { readonly column: string; readonly newColumnName?: string | null | undefined }): string {
  return step.newColumnName ?? `${step.column}_PCT`
}
