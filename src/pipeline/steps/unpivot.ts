import * as z from 'zod'
import { after, hidden } from '../mongo/context.ts'
import { call, firstThat, literal, literals, nothing, orNull, read } from '../mongo/expression.ts'
import { widenedValue } from '../mongo/text.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, select } from '../sql/context.ts'
import { bind, joinSql, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import { unionAll } from '../sql/union.ts'
import type { AnyStep } from '../step.ts'
import type { Column } from '../values.ts'
import { commonType, widened } from './column-types.ts'
import { findColumns, refuseRepeated, repeatedName, stepProblem } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional } from './fields.ts'

const fields = record({
  keep: optional(columnNames, []),
  unpivot: columnNames.min(1, 'Unpivot at least one column.'),
  unpivotColumnName: columnName,
  valueColumnName: columnName,
  dropna: optional(z.boolean(), false),
})

type UnpivotStep = AnyStep & z.output<typeof fields>

export const unpivot = defineStep({
  name: 'unpivot',
  summary:
    'Turns columns into rows: for each row, one with the name and the value of each of the columns. Values get the type that all of them fit.',
  example: {
    step: {
      keep: ['product'],
      unpivot: ['sales_2023', 'sales_2024'],
      unpivotColumnName: 'measure',
      valueColumnName: 'sales',
      dropna: true,
    },
    input: {
      columns: { product: 'text', sales_2023: 'integer', sales_2024: 'integer' },
      rows: [
        ['tea', 10, 12],
        ['coffee', 20, null],
        ['cocoa', 5, 6],
      ],
    },
    output: {
      columns: { product: 'text', measure: 'text', sales: 'integer' },
      rows: [
        ['tea', 'sales_2023', 10],
        ['tea', 'sales_2024', 12],
        ['coffee', 'sales_2023', 20],
        ['cocoa', 'sales_2023', 5],
        ['cocoa', 'sales_2024', 6],
      ],
    },
  },
  fields,
  columns: (step, input) => {
    const { name, value } = newColumnsOf(step, input)
    const columns = [...keptOf(step, input), name, value]
    const twice = repeatedName(step.unpivot)
    if (twice !== undefined) throw stepProblem(step, `the column "${twice}" is unpivoted twice.`, { column: twice })
    refuseRepeated(
      step,
      columns.map((column) => column.name),
    )
    return columns
  },
  sql: (step, input, context) => {
    const added = newColumnsOf(step, input.columns)
    const [name, value] = [context.fresh(added.name), context.fresh(added.value)]
    const number = context.fresh({ name: '', type: 'integer' })
    const numbers = unionAll(
      [number],
      step.unpivot.map((_, index) => ({ values: [bind(index, 'integer')], ...context.dialect.oneRow })),
    )
    const names = step.unpivot.map((source) => bind(source, 'text'))
    const values = step.unpivot.map((source) => {
      const column = columnOf(input, source)
      return widened(ref(column), { from: column.type, to: value.type }, context.dialect)
    })
    const list = [
      carried(input),
      ref(number),
      sql`${choice(number, names)} AS ${ref(name)}`,
      sql`${choice(number, values)} AS ${ref(value)}`,
    ]
    const rows: Relation = {
      from: context.computed(select(joinSql(list, ', '), sql`${input.from} CROSS JOIN (${numbers}) numbers`)),
      columns: [...keptOf(step, input.columns).map((kept) => columnOf(input, kept.name)), name, value],
      // Without an order of the rows there is none of the new ones, and sorting by the number alone would tear them apart.
      order: input.order.length > 0 ? [...input.order, { id: number.id, descending: false }] : [],
      inOrder: false,
    }
    if (!step.dropna) return rows
    return { ...rows, from: context.cte(sql`${select(carried(rows), rows.from)} WHERE ${ref(value)} IS NOT NULL`) }
  },
  mongo: (step, input, context) => {
    const added = newColumnsOf(step, input.columns)
    const [name, value] = [context.fresh(added.name), context.fresh(added.value)]
    const number = hidden(context)
    const values = step.unpivot.map((source, index) => {
      const column = columnOf(input, source)
      const isHere = call('$eq', [read(number), literal(index, 'integer')])
      return [isHere, orNull(widenedValue(read(column), { from: column.type, to: value.type }))] as const
    })
    const numbers = literals([...step.unpivot.keys()], 'integer')
    const names = literals(step.unpivot, 'text')
    const rows = after(
      input,
      { $set: { [number.id]: numbers } },
      { $unwind: { path: read(number), preserveNullAndEmptyArrays: false } },
      { $set: { [name.id]: call('$arrayElemAt', [names, read(number)]), [value.id]: firstThat(values, nothing) } },
    )
    return {
      ...(step.dropna ? after(rows, { $match: { [value.id]: { $ne: null } } }) : rows),
      columns: [...keptOf(step, input.columns).map((kept) => columnOf(input, kept.name)), name, value],
      order: [...input.order, { id: number.id, descending: false, nullable: false }],
      inOrder: false,
    }
  },
})

function keptOf(step: UnpivotStep, input: readonly Column[]): Column[] {
  return findColumns(step, [...new Set(step.keep)], input)
}

function newColumnsOf(step: UnpivotStep, input: readonly Column[]): { name: Column; value: Column } {
  const type = commonType(findColumns(step, step.unpivot, input).map((column) => column.type))
  return { name: { name: step.unpivotColumnName, type: 'text' }, value: { name: step.valueColumnName, type } }
}

/** The value at the position that a row has. */
function choice(number: SqlColumn, values: readonly Sql[]): Sql {
  const cases = values.map((value, index) => sql`WHEN ${bind(index, 'integer')} THEN ${value}`)
  return sql`CASE ${ref(number)} ${joinSql(cases, ' ')} END`
}
