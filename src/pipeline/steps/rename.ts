import * as z from 'zod'
import { record } from '../parsing/record.ts'
import { findColumns, repeatedName, stepProblem } from './columns.ts'
import { defineStep } from './definition.ts'
import { namePair } from './fields.ts'

export const rename = defineStep({
  name: 'rename',
  summary: 'Gives columns other names, all at once: two columns can swap their names.',
  example: {
    step: {
      toRename: [
        ['prod', 'product'],
        ['qty', 'quantity'],
      ],
    },
    input: {
      columns: { prod: 'text', qty: 'integer', price: 'number' },
      rows: [
        ['tea', 2, 3.5],
        ['coffee', 1, 4.25],
        ['cocoa', 3, null],
      ],
    },
    output: {
      columns: { product: 'text', quantity: 'integer', price: 'number' },
      rows: [
        ['tea', 2, 3.5],
        ['coffee', 1, 4.25],
        ['cocoa', 3, null],
      ],
    },
  },
  fields: record({ toRename: z.array(namePair) }),
  legacy: (raw) => {
    const { oldname, newname, ...rest } = raw
    return oldname === undefined && newname === undefined ? raw : { ...rest, toRename: [[oldname, newname]] }
  },
  columns: (step, input) => {
    const old = step.toRename.map(([name]) => name)
    findColumns(step, old, input)
    const twice = repeatedName(old)
    if (twice !== undefined) throw stepProblem(step, `the column "${twice}" is renamed twice.`, { column: twice })
    const renamed = renameAll(input, step.toRename)
    const clash = repeatedName(renamed.map(({ name }) => name))
    if (clash !== undefined) throw stepProblem(step, `two columns would have the name "${clash}".`, { column: clash })
    return renamed
  },
  sql: (step, input) => ({ ...input, columns: renameAll(input.columns, step.toRename) }),
  mongo: (step, input) => ({ ...input, columns: renameAll(input.columns, step.toRename) }),
})

function renameAll<C extends { readonly name: string }>(
  columns: readonly C[],
  pairs: readonly (readonly [string, string])[],
): C[] {
  const names = new Map(pairs)
  return columns.map((column) => ({ ...column, name: names.get(column.name) ?? column.name }))
}
