import { conditionColumns } from '../conditions/members.ts'
import { withoutUnset } from '../conditions/unset.ts'
import { conditionMatch } from '../mongo/condition.ts'
import { after } from '../mongo/context.ts'
import { record } from '../parsing/record.ts'
import { conditionSql, tested } from '../sql/condition.ts'
import { carried, columnOf, select } from '../sql/context.ts'
import { sql } from '../sql/fragment.ts'
import { findColumns } from './columns.ts'
import { defineStep } from './definition.ts'
import { conditionField } from './fields.ts'

export const filter = defineStep({
  name: 'filter',
  summary: 'Keeps the rows that satisfy a condition.',
  example: {
    step: {
      condition: {
        and: [
          { column: 'region', operator: 'in', value: ['north', 'east'] },
          { column: 'sales', operator: 'ge', value: 10 },
        ],
      },
    },
    input: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['north', 'tea', 10],
        ['south', 'tea', 20],
        ['east', 'coffee', 8],
        ['east', 'cocoa', 12],
        ['north', 'cocoa', null],
      ],
    },
    output: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['north', 'tea', 10],
        ['east', 'cocoa', 12],
      ],
    },
  },
  fields: record({ condition: conditionField }),
  withoutUnset: (raw) => {
    const condition = withoutUnset(raw.condition)
    // A condition that was not there is a mistake, one that is no longer there is not.
    if (condition === undefined && raw.condition !== undefined) return undefined
    return condition === raw.condition ? raw : { ...raw, condition }
  },
  columns: (step, input) => {
    findColumns(step, conditionColumns(step.condition), input)
    return input
  },
  sql: (step, input, context) => {
    const condition = conditionSql(step.condition, (name) => tested(columnOf(input, name), input), context)
    return { ...input, from: context.cte(sql`${select(carried(input), input.from)} WHERE ${condition}`) }
  },
  mongo: (step, input, context) => {
    const condition = conditionMatch(step.condition, (name) => columnOf(input, name), context.now)
    return condition ? after(input, { $match: condition }) : input
  },
})
