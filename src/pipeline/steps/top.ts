import * as z from 'zod'
import { never } from '../mongo/condition.ts'
import { after, hidden, keyOf, partition, sorting } from '../mongo/context.ts'
import { call } from '../mongo/expression.ts'
import type { Stage } from '../mongo/stage.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, orderKeys, ref, select, sortedBy } from '../sql/context.ts'
import { bind, sql } from '../sql/fragment.ts'
import { partitionKeys } from '../sql/window.ts'
import { findColumns } from './columns.ts'
import { defineStep } from './definition.ts'
import { columnName, columnNames, optional, wholeNumber } from './fields.ts'

export const top = defineStep({
  name: 'top',
  summary:
    'Keeps the first rows by a column, in all or in each group; null is a group too. Ordered by the groups, then by the column.',
  example: {
    step: { rankOn: 'sales', sort: 'desc', limit: 2, groups: ['region'] },
    input: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['south', 'tea', 7],
        ['north', 'cocoa', 5],
        ['north', 'tea', 10],
        ['north', 'coffee', 14],
      ],
    },
    output: {
      columns: { region: 'text', product: 'text', sales: 'integer' },
      rows: [
        ['north', 'coffee', 14],
        ['north', 'tea', 10],
        ['south', 'tea', 7],
      ],
    },
  },
  fields: record({
    rankOn: columnName,
    sort: z.enum(['asc', 'desc']),
    limit: wholeNumber(0),
    groups: optional(columnNames, []),
  }),
  columns: (step, input) => {
    findColumns(step, [...step.groups, step.rankOn], input)
    return input
  },
  sql: (step, input, context) => {
    const groups = step.groups.map((name) => columnOf(input, name))
    const rank = { id: columnOf(input, step.rankOn).id, descending: step.sort === 'desc' }
    const ranking = sortedBy([rank], input.order)
    const order = sortedBy([...groups.map(({ id }) => ({ id, descending: false })), rank], input.order)
    const rows = select(carried(input), input.from)
    const keys = orderKeys(ranking, context.dialect)
    if (groups.length === 0) {
      return {
        ...input,
        from: context.cte(sql`${rows} ORDER BY ${keys} ${context.dialect.slice(step.limit, 0, true)}`),
        order,
        inOrder: false,
      }
    }
    const number = ref(context.fresh({ name: '', type: 'integer' }))
    const partition = partitionKeys(groups, context.dialect)
    const numbered = sql`SELECT ${carried(input)}, row_number() OVER (PARTITION BY ${partition} ORDER BY ${keys}) AS ${number} FROM ${input.from}`
    const from = context.barrier(
      sql`${select(carried(input), sql`(${numbered}) numbered`)} WHERE ${number} <= ${bind(step.limit, 'integer')}`,
    )
    return { ...input, from, order, inOrder: false }
  },
  mongo: (step, input, context) => {
    // MongoDB takes no limit of 0.
    if (step.limit === 0) return after(input, { $match: never })
    const groups = [...new Set(step.groups)].map((name) => columnOf(input, name))
    const rank = keyOf(columnOf(input, step.rankOn), step.sort === 'desc')
    const { prepare, keys } = sorting(sortedBy([rank], input.order), context)
    const order = sortedBy([...groups.map((group) => keyOf(group, false)), rank], input.order)
    const partitionBy = partition(groups)
    if (partitionBy === null) {
      return { ...after(input, ...prepare, { $sort: keys }, { $limit: step.limit }), order, inOrder: true }
    }
    const number = hidden(context)
    const output = { [number.id]: call('$documentNumber', {}) }
    const numbered: Stage = { $setWindowFields: { partitionBy, sortBy: keys, output } }
    const first: Stage = { $match: { [number.id]: { $lte: step.limit } } }
    return { ...after(input, ...prepare, numbered, first), order, inOrder: false }
  },
})
