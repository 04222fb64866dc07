import { never } from './condition.ts'
import { after, hidden, type MongoContext, partition } from './context.ts'
import { call, type Expression, isNull, no, orNull, read, readInside, variable, yes } from './expression.ts'
import type { MongoColumn, MongoOrderKey, MongoRelation } from './relation.ts'
import type { Fields, Stage } from './stage.ts'

export interface Joining {
  readonly type: 'left' | 'inner' | 'full outer'
  readonly left: MongoRelation
  readonly right: MongoRelation
  /** Columns whose values have to be equal; undefined where no two values can be. */
  readonly on: readonly (readonly [left: MongoColumn, right: MongoColumn])[] | undefined
}

/** Rows side by side. Its columns are those of the left; `right` are the right side's, in their order, under new fields. */
export interface Joined {
  readonly relation: MongoRelation
  readonly right: readonly MongoColumn[]
}

/** Rows with equal keys, null being equal to nothing. Rows without a partner, where they are kept, have nothing on its side. */
export function joined(joining: Joining, context: MongoContext): Joined {
  const { type, left, right } = joining
  const found = hidden(context)
  const fields = new Map([...right.order, ...right.columns].map(({ id }) => [id, hidden(context)]))
  const renamed = <K extends { readonly id: string }>(key: K): K => ({ ...key, id: fields.get(key.id)?.id ?? key.id })
  const taken = [...fields].map(([id, field]) => [field.id, readInside(found, { id })] as const)
  const stages: Stage[] = [
    { $lookup: lookup(joining, { found, kept: [...fields.keys()], context }) },
    { $unwind: { path: read(found), preserveNullAndEmptyArrays: type !== 'inner' } },
  ]
  const columns = right.columns.map(renamed)
  const rightOrder = right.order.map(renamed).map((key) => ({ ...key, nullable: key.nullable || type !== 'inner' }))
  if (type !== 'full outer') {
    const rows = after(left, ...stages, { $set: Object.fromEntries(taken) }, { $unset: found.id })
    return { relation: { ...rows, order: [...left.order, ...rightOrder], inOrder: false }, right: columns }
  }
  const added = hidden(context)
  const side = { found, fields, added, identity: rightOrder, context }
  const rows = after(left, ...stages, ...withUnmatched(right, Object.fromEntries(taken), side))
  // Rows that are only on the right come last, whatever nulls the left rows have in their own order.
  const order: MongoOrderKey[] = [
    { id: added.id, descending: false, nullable: false },
    ...left.order.map((key) => ({ ...key, nullable: true })),
    ...rightOrder,
  ]
  return { relation: { ...rows, order, inOrder: false }, right: columns }
}

type Lookup = Extract<Stage, { readonly $lookup: unknown }>['$lookup']

function lookup(
  { right, on }: Joining,
  { found, kept, context }: { found: MongoColumn; kept: readonly string[]; context: MongoContext },
): Lookup {
  if (!on) return { from: right.collection, let: {}, pipeline: [{ $match: never }], as: found.id }
  const keys = on.map(([leftKey, rightKey]) => ({ leftKey, rightKey, name: hidden(context).id }))
  const vars = keys.map(({ leftKey, name }) => [name, orNull(read(leftKey))] as const)
  const tests = keys.flatMap(({ rightKey, name }) => [
    call('$eq', [read(rightKey), variable(name)]),
    call('$not', [isNull(variable(name))]),
  ])
  const shown: Record<string, 0 | 1> = { _id: 0 }
  for (const id of kept) shown[id] = 1
  return {
    from: right.collection,
    let: Object.fromEntries(vars),
    pipeline: [...right.stages, { $match: { $expr: call('$and', tests) } }, { $project: shown }],
    as: found.id,
  }
}

interface RightSide {
  readonly found: MongoColumn
  readonly fields: ReadonlyMap<string, MongoColumn>
  /** Holds whether a row is only on the right. */
  readonly added: MongoColumn
  readonly identity: readonly { readonly id: string }[]
  readonly context: MongoContext
}

/**
 * Adds the rows of the right side that no row of the left side met: all of them come after the pairs, and those that are in a pair, as
 * their keys tell, go again. So the left side, which may be long, is computed once.
 */
function withUnmatched(right: MongoRelation, taken: Fields, side: RightSide): Stage[] {
  const { found, fields, added, identity, context } = side
  const [paired, met] = [hidden(context), hidden(context)]
  const alone: Record<string, Expression | 0> = { _id: 0, [paired.id]: no, [added.id]: yes }
  for (const [id, field] of fields) alone[field.id] = orNull(read({ id }))
  const by = partition(identity)
  return [
    { $set: { ...taken, [paired.id]: call('$not', [isNull(read(found))]), [added.id]: no } },
    { $unset: found.id },
    { $unionWith: { coll: right.collection, pipeline: [...right.stages, { $project: alone }] } },
    {
      $setWindowFields: {
        ...(by === null ? {} : { partitionBy: by }),
        output: { [met.id]: call('$max', read(paired)) },
      },
    },
    { $match: { $or: [{ [added.id]: { $eq: false } }, { [met.id]: { $eq: false } }] } },
  ]
}
