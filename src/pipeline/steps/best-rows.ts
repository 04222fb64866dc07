import type * as z from 'zod'
import { after, hidden, type MongoContext } from '../mongo/context.ts'
import { call, orNull, read } from '../mongo/expression.ts'
import type { MongoRelation } from '../mongo/relation.ts'
import { windowed } from '../mongo/window.ts'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, type SqlContext, select } from '../sql/context.ts'
import { sql } from '../sql/fragment.ts'
import type { Relation } from '../sql/relation.ts'
import { windowSql } from '../sql/window.ts'
import { columnName, columnNames, optional } from './fields.ts'

/** The fields of argmax and argmin. */
export const extremeFields = record({ column: columnName, groups: optional(columnNames, []) })

type Extreme = z.output<typeof extremeFields> & { readonly descending: boolean }

/** The rows that come first by a column in their group, with all that are equal to the first one. They keep their order. */
export function bestRows({ column, groups, descending }: Extreme, input: Relation, context: SqlContext): Relation {
  // Ranked rather than compared with max(): not every database has a greatest boolean. Nulls rank last, and first among themselves.
  const rank = ref(context.fresh({ name: '', type: 'integer' }))
  const window = windowSql(
    {
      by: groups.map((name) => columnOf(input, name)),
      order: [{ id: columnOf(input, column).id, descending }],
    },
    context.dialect,
  )
  const ranked = sql`SELECT ${carried(input)}, rank() OVER (${window}) AS ${rank} FROM ${input.from}`
  const from = context.barrier(sql`${select(carried(input), sql`(${ranked}) ranked`)} WHERE ${rank} = 1`)
  return { ...input, from, inOrder: false }
}

/** The same for MongoDB, where booleans have a greatest one. */
export function bestDocuments(
  { column, groups, descending }: Extreme,
  input: MongoRelation,
  context: MongoContext,
): MongoRelation {
  const value = orNull(read(columnOf(input, column)))
  const best = hidden(context)
  const output = { [best.id]: call(descending ? '$max' : '$min', value) }
  const by = groups.map((name) => columnOf(input, name))
  // Only null where all are null: then they all are the best.
  const isBest = call('$eq', [value, orNull(read(best))])
  return after(windowed(input, { by, output }, context), { $match: { $expr: isBest } })
}
