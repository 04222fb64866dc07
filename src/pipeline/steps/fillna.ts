import { withValues } from '../mongo/computed.ts'
import { call, literal, read } from '../mongo/expression.ts'
import { widenedValue } from '../mongo/text.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref } from '../sql/context.ts'
import { sql } from '../sql/fragment.ts'
import type { Column } from '../values.ts'
import { findColumns } from './columns.ts'
import { withComputed } from './computed.ts'
import { constantAs, constantField, constantIn, typeWith } from './constants.ts'
import { defineStep } from './definition.ts'
import { columnNames } from './fields.ts'

export const fillna = defineStep({
  name: 'fillna',
  summary: 'Puts a value in the place of nulls.',
  example: {
    step: { columns: ['sales'], value: 0 },
    input: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['tea', 10],
        ['coffee', null],
        [null, 5],
      ],
    },
    output: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['tea', 10],
        ['coffee', 0],
        [null, 5],
      ],
    },
  },
  fields: record(
    { columns: columnNames.min(1, 'Fill at least one column.'), value: constantField },
    { column: { list: 'columns' } },
  ),
  columns: (step, input) => {
    const filled = new Map(
      findColumns(step, step.columns, input).map((column) => [column.name, typeWith(step, column, step.value)]),
    )
    return input.map((column): Column => ({ ...column, type: filled.get(column.name) ?? column.type }))
  },
  sql: (step, input, context) => {
    // Null in the place of null changes nothing.
    if (step.value === null) return input
    const { convert } = context.dialect.text
    const filled = [...new Set(step.columns)].map((name) => {
      const column = columnOf(input, name)
      const type = typeWith(step, column, step.value)
      const value = sql`coalesce(${convert(ref(column), column.type, type)}, ${constantAs(step.value, type, context)})`
      return { column: { name, type }, value }
    })
    return withComputed(input, filled, context)
  },
  mongo: (step, input, context) => {
    const filled = [...new Set(step.columns)].map((name) => {
      const column = columnOf(input, name)
      const type = typeWith(step, column, step.value)
      const own = widenedValue(read(column), { from: column.type, to: type })
      return { column: { name, type }, value: call('$ifNull', [own, literal(constantIn(step.value, type), type)]) }
    })
    return withValues(input, filled, context)
  },
})
