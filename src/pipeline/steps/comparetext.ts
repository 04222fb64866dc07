import { withValues } from '../mongo/computed.ts'
import { call, isNull, orNull, read } from '../mongo/expression.ts'
import { record } from '../parsing/record.ts'
import { columnOf, ref } from '../sql/context.ts'
import { bind, sql } from '../sql/fragment.ts'
import { findColumns, withColumn } from './columns.ts'
import { withComputed } from './computed.ts'
import { commonType } from './constants.ts'
import { defineStep } from './definition.ts'
import { columnName } from './fields.ts'

export const comparetext = defineStep({
  name: 'comparetext',
  summary: 'Tells whether two columns are equal, case and accents included; null equals null.',
  example: {
    step: { newColumnName: 'same', strCol1: 'billing_city', strCol2: 'delivery_city' },
    input: {
      columns: { billing_city: 'text', delivery_city: 'text' },
      rows: [
        ['Lyon', 'Lyon'],
        ['Lyon', 'lyon'],
        ['Lyon', null],
        [null, null],
      ],
    },
    output: {
      columns: { billing_city: 'text', delivery_city: 'text', same: 'boolean' },
      rows: [
        ['Lyon', 'Lyon', true],
        ['Lyon', 'lyon', false],
        ['Lyon', null, false],
        [null, null, true],
      ],
    },
  },
  fields: record({ newColumnName: columnName, strCol1: columnName, strCol2: columnName }),
  columns: (step, input) => {
    findColumns(step, [step.strCol1, step.strCol2], input)
    return withColumn(input, { name: step.newColumnName, type: 'boolean' })
  },
  sql: (step, input, context) => {
    const [a, b] = [columnOf(input, step.strCol1), columnOf(input, step.strCol2)]
    // Types never cross, whatever the values look like: then only nulls are equal.
    const { convert } = context.dialect.text
    const type = commonType(a.type, b.type)
    const isEqual =
      type === undefined
        ? sql`(${ref(a)} IS NULL AND ${ref(b)} IS NULL)`
        : context.dialect.isSame(convert(ref(a), a.type, type), convert(ref(b), b.type, type))
    // What holds is no value in every database.
    const value = sql`CASE WHEN ${isEqual} THEN ${bind(true, 'boolean')} ELSE ${bind(false, 'boolean')} END`
    return withComputed(input, [{ column: { name: step.newColumnName, type: 'boolean' }, value }], context)
  },
  mongo: (step, input, context) => {
    const [a, b] = [columnOf(input, step.strCol1), columnOf(input, step.strCol2)]
    const isEqual =
      commonType(a.type, b.type) === undefined
        ? call('$and', [isNull(read(a)), isNull(read(b))])
        : call('$eq', [orNull(read(a)), orNull(read(b))])
    return withValues(input, [{ column: { name: step.newColumnName, type: 'boolean' }, value: isEqual }], context)
  },
})
