import * as z from 'zod'
import { withValues } from '../mongo/computed.ts'
import { conditionValue } from '../mongo/condition-value.ts'
import { firstThat, literal, read } from '../mongo/expression.ts'
import { widenedValue } from '../mongo/text.ts'
import { record } from '../parsing/record.ts'
import { conditionSql } from '../sql/condition.ts'
import { columnOf, ref } from '../sql/context.ts'
import { joinSql, sql } from '../sql/fragment.ts'
import type { AnyStep } from '../step.ts'
import type { Column, ColumnType, Value } from '../values.ts'
import { findColumns, withColumn } from './columns.ts'
import { withComputed } from './computed.ts'
import { constantAs, constantField, constantIn, typeWith } from './constants.ts'
import { defineStep } from './definition.ts'
import { columnName } from './fields.ts'

const pair = z.tuple([constantField, constantField], 'This should be a pair: the old value and the new one.')

export const replace = defineStep({
  name: 'replace',
  summary: 'Replaces whole values by others, all at once: two values can be swapped. The first pair that fits counts.',
  example: {
    step: {
      searchColumn: 'region',
      toReplace: [
        ['N', 'north'],
        ['S', 'south'],
      ],
    },
    input: {
      columns: { region: 'text', sales: 'integer' },
      rows: [
        ['N', 10],
        ['S', 7],
        ['NE', 4],
        [null, 1],
      ],
    },
    output: {
      columns: { region: 'text', sales: 'integer' },
      rows: [
        ['north', 10],
        ['south', 7],
        ['NE', 4],
        [null, 1],
      ],
    },
  },
  fields: record({ searchColumn: columnName, toReplace: z.array(pair).min(1, 'Replace at least one value.') }),
  columns: (step, input) => {
    const [column] = findColumns(step, [step.searchColumn], input)
    return column ? withColumn(input, { ...column, type: replacedType(step, column) }) : input
  },
  sql: (step, input, context) => {
    const column = columnOf(input, step.searchColumn)
    const type = replacedType(step, column)
    const cases = step.toReplace.map(([old, value]) => {
      // What an old value is equal to is what a filter with `eq` would find: null too, and never another type.
      const isOld = conditionSql({ column: column.name, operator: 'eq', value: old }, () => column, context)
      return sql`WHEN ${isOld} THEN ${constantAs(value, type, context)}`
    })
    const kept = context.dialect.text.convert(ref(column), column.type, type)
    const value = sql`CASE ${joinSql(cases, ' ')} ELSE ${kept} END`
    return withComputed(input, [{ column: { name: column.name, type }, value }], context)
  },
  mongo: (step, input, context) => {
    const column = columnOf(input, step.searchColumn)
    const type = replacedType(step, column)
    const branches = step.toReplace.map(([old, value]) => {
      const isOld = conditionValue({ column: column.name, operator: 'eq', value: old }, () => column, context.now)
      return [isOld, literal(constantIn(value, type), type)] as const
    })
    const value = firstThat(branches, widenedValue(read(column), { from: column.type, to: type }))
    return withValues(input, [{ column: { name: column.name, type }, value }], context)
  },
})

type Replacing = AnyStep & { readonly toReplace: readonly (readonly [Value, Value])[] }

/** Numbers among the new values make numbers of integers. */
function replacedType(step: Replacing, column: Column): ColumnType {
  return step.toReplace.reduce((type, [, value]) => typeWith(step, { ...column, type }, value), column.type)
}
