import * as z from 'zod'
import { type Formula, formulaColumns } from '../formulas/formula.ts'
import { parseFormula } from '../formulas/parse.ts'
import { formulaType } from '../formulas/types.ts'
import { after } from '../mongo/context.ts'
import { formulaMongo } from '../mongo/formula.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, select } from '../sql/context.ts'
import { formulaSql } from '../sql/formula.ts'
import { sql } from '../sql/fragment.ts'
import { createNamedOperands } from '../sql/named-operands.ts'
import type { AnyStep } from '../step.ts'
import type { Column, ColumnType } from '../values.ts'
import { findColumns, stepProblem, withColumn } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName } from './fields.ts'

/** Text that has been read once, so that it is a formula; numbers and booleans stand for themselves. */
const formulaText = z
  .union([z.string(), z.number(), z.boolean()], 'This should be a formula.')
  .transform(String)
  .check(({ value, issues }) => {
    const parsed = parseFormula(value)
    if ('formula' in parsed) return
    const { message, position } = parsed.problem
    issues.push({
      code: 'custom',
      message: `The formula does not parse: ${message}`,
      params: { position },
      input: value,
    })
  })

export const formula = defineStep({
  name: 'formula',
  summary: 'Computes a column from others; an existing column of that name is replaced in its place.',
  example: {
    step: { newColumn: 'margin', formula: '(price - cost) / price' },
    input: {
      columns: { product: 'text', price: 'number', cost: 'number' },
      rows: [
        ['tea', 4, 3],
        ['coffee', 5, 2.5],
        ['sample', 0, 1],
        ['cocoa', null, 2],
      ],
    },
    output: {
      columns: { product: 'text', price: 'number', cost: 'number', margin: 'number' },
      rows: [
        ['tea', 4, 3, 0.25],
        ['coffee', 5, 2.5, 0.5],
        ['sample', 0, 1, null],
        ['cocoa', null, 2, null],
      ],
    },
  },
  fields: record({ newColumn: columnName, formula: formulaText }),
  columns: (step, input) => {
    const type = typeIn(step, input)
    return withColumn(input, { name: step.newColumn, type })
  },
  sql: (step, input, context) => {
    const type = typeIn(step, input.columns)
    const column = context.fresh({ name: step.newColumn, type })
    const operands = createNamedOperands(context)
    const scope = { type, columnOf: (name: string) => columnOf(input, name), context, operands }
    const value = sql`${formulaSql(read(step), scope)} AS ${ref(column)}`
    const from = context.computed(select(sql`${carried(input)}, ${value}`, operands.over(input).from))
    return { ...input, from, columns: withColumn(input.columns, column) }
  },
  mongo: (step, input, context) => {
    const type = typeIn(step, input.columns)
    const column = context.fresh({ name: step.newColumn, type })
    const { value, before } = formulaMongo(read(step), { type, columnOf: (name) => columnOf(input, name), context })
    const columns = withColumn(input.columns, column)
    return { ...after(input, ...before, { $set: { [column.id]: value } }), columns }
  },
})

function read(step: AnyStep & { readonly formula: string }): Formula {
  const parsed = parseFormula(step.formula)
  if ('formula' in parsed) return parsed.formula
  throw stepProblem(step, `the formula does not parse: ${parsed.problem.message}`, {
    position: parsed.problem.position,
  })
}

/** A formula that is only `null` makes a column of texts. */
function typeIn(step: AnyStep & { readonly formula: string }, input: readonly Column[]): ColumnType {
  const tree = read(step)
  findColumns(step, formulaColumns(tree), input)
  const types = new Map(input.map(({ name, type }) => [name, type]))
  const type = formulaType(tree, (name) => types.get(name) ?? 'text')
  if (typeof type !== 'string') throw stepProblem(step, type.message, { position: type.position })
  return type === 'null' ? 'text' : type
}
