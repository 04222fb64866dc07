import { after, hidden, keyOf, type MongoContext, partition } from './context.ts'
import { call, type Expression, literal, read, readInside } from './expression.ts'
import type { MongoFigure } from './figures.ts'
import type { MongoColumn, MongoRelation } from './relation.ts'
import type { Stage } from './stage.ts'

export interface Grouping {
  readonly groups: readonly MongoColumn[]
  readonly figures: readonly { readonly column: MongoColumn; readonly figure: MongoFigure }[]
}

/** One row for each group, with its figures; one in all when there are no groups, even over no rows. Ordered by the groups. */
export function grouped(input: MongoRelation, { groups, figures }: Grouping, context: MongoContext): MongoRelation {
  const accumulated = figures.map(({ column, figure }) => [column.id, figure.accumulate] as const)
  const group: Stage = { $group: { _id: partition(groups), ...Object.fromEntries(accumulated) } }
  const all = hidden(context)
  const shown: Record<string, Expression | 0> = { _id: 0 }
  for (const column of groups) shown[column.id] = groups.length === 1 ? read(key) : readInside(key, column)
  for (const { column, figure } of figures) {
    shown[column.id] = figure.finish(groups.length > 0 ? read(column) : firstOf(readInside(all, column)))
  }
  return {
    ...after(
      input,
      ...figures.flatMap(({ figure }) => figure.before),
      // `$group` gives nothing for no documents, a facet its one document always.
      groups.length > 0 ? group : { $facet: { [all.id]: [group] } },
      { $project: shown },
    ),
    columns: [...groups, ...figures.map(({ column }) => column)],
    order: groups.map((column) => keyOf(column, false)),
    inOrder: groups.length === 0,
  }
}

/** The field where `$group` leaves what it grouped by. */
const key = { id: '_id' }

function firstOf(list: Expression): Expression {
  return call('$arrayElemAt', [list, literal(0, 'integer')])
}

/** The figures of its group beside each row; `columns` stay those of the input. */
export function spread(input: MongoRelation, { groups, figures }: Grouping): MongoRelation {
  const by = partition(groups)
  const output = Object.fromEntries(figures.map(({ column, figure }) => [column.id, figure.accumulate]))
  const finished = Object.fromEntries(figures.map(({ column, figure }) => [column.id, figure.finish(read(column))]))
  if (figures.length === 0) return input
  const stages = after(
    input,
    ...figures.flatMap(({ figure }) => figure.before),
    { $setWindowFields: { ...(by === null ? {} : { partitionBy: by }), output } },
    { $set: finished },
  )
  return { ...stages, inOrder: false }
}
