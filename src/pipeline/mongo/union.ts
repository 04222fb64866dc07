import type { Column } from '../values.ts'
import { hidden, type MongoContext } from './context.ts'
import { call, type Expression, literal, nothing, orNull, read } from './expression.ts'
import type { MongoColumn, MongoRelation } from './relation.ts'
import type { Stage } from './stage.ts'
import { widenedValue } from './text.ts'
import { windowed } from './window.ts'

/** The rows of all relations, one after the other, by the names of the columns; what one lacks is null. */
export function appended(
  relations: readonly MongoRelation[],
  together: readonly Column[],
  context: MongoContext,
): MongoRelation {
  const [first, ...others] = relations
  if (!first || others.length === 0) return first ?? nowhere
  const columns = together.map(context.fresh)
  const [part, position] = [hidden(context), hidden(context)]
  const branches = relations.map((relation, index) => branch(relation, { columns, part, position, index, context }))
  const stages = branches.slice(1).map(({ collection, stages }): Stage => {
    return { $unionWith: { coll: collection, pipeline: stages } }
  })
  const order = [part, position].map(({ id }) => ({ id, descending: false, nullable: false }))
  return {
    collection: first.collection,
    stages: [...(branches[0]?.stages ?? []), ...stages],
    columns,
    order,
    inOrder: false,
  }
}

const nowhere: MongoRelation = { collection: '', stages: [], columns: [], order: [], inOrder: false }

interface Branch {
  readonly columns: readonly MongoColumn[]
  readonly part: MongoColumn
  readonly position: MongoColumn
  readonly index: number
  readonly context: MongoContext
}

function branch(relation: MongoRelation, { columns, part, position, index, context }: Branch): MongoRelation {
  const numbered = withNumbers(relation, position, context)
  const shown: Record<string, Expression | 0> = { _id: 0 }
  for (const { id, name, type } of columns) {
    const own = relation.columns.find((column) => column.name === name)
    shown[id] = own ? orNull(widenedValue(read(own), { from: own.type, to: type })) : nothing
  }
  shown[part.id] = literal(index, 'integer')
  shown[position.id] = numbered.place
  return { ...relation, stages: [...numbered.stages, { $project: shown }] }
}

/** One number instead of the order keys, whose number differs from pipeline to pipeline. */
function withNumbers(
  relation: MongoRelation,
  position: MongoColumn,
  context: MongoContext,
): { stages: readonly Stage[]; place: Expression } {
  const { order, stages } = relation
  const [key, ...rest] = order
  if (!key) return { stages, place: literal(0, 'integer') }
  if (rest.length === 0 && !key.nullable && !key.descending) return { stages, place: read(key) }
  const output = { [position.id]: call('$documentNumber', {}) }
  return { stages: windowed(relation, { order, output }, context).stages, place: read(position) }
}
