import type { DomainStep, NestedPipeline } from '../step.ts'
import type { Column } from '../values.ts'
import { type Expression, isNull, orNull, read } from './expression.ts'
import type { MongoColumn, MongoOrderKey, MongoRelation, MongoSource } from './relation.ts'
import type { Fields, Stage } from './stage.ts'

/** What a step has at hand to make its stages. */
export interface MongoContext {
  readonly now: Date
  source(step: DomainStep): MongoSource
  /** The column under a generated name that nothing else in the query has. */
  fresh(column: Column): MongoColumn
  /** A nested pipeline, compiled once however often it is asked for. */
  relation(pipeline: NestedPipeline): MongoRelation
}

/** A generated field that no column is. */
export function hidden(context: MongoContext): MongoColumn {
  return context.fresh({ name: '', type: 'integer' })
}

/** The relation after more stages, which keep the order that rows come in. */
export function after(relation: MongoRelation, ...stages: readonly Stage[]): MongoRelation {
  return { ...relation, stages: [...relation.stages, ...stages] }
}

/** The key of a column in an order. */
export function keyOf({ id }: MongoColumn, descending: boolean): MongoOrderKey {
  return { id, descending, nullable: true }
}

export interface Sorting {
  /** Stages that the keys need before them. */
  readonly prepare: readonly Stage[]
  readonly keys: { readonly [field: string]: 1 | -1 }
}

/**
 * Keys for `$sort` and `sortBy`, which have nulls first when they go upwards: there a field that tells nulls goes before.
 * `reversed`: the same order from its end.
 */
export function sorting(
  order: readonly MongoOrderKey[],
  context: MongoContext,
  { reversed }: { readonly reversed: boolean } = { reversed: false },
): Sorting {
  const flags: Record<string, Expression> = {}
  const keys: Record<string, 1 | -1> = {}
  for (const { id, descending, nullable } of order) {
    if (nullable && !descending) {
      const flag = hidden(context)
      flags[flag.id] = isNull(read({ id }))
      keys[flag.id] = reversed ? -1 : 1
    }
    keys[id] = descending === reversed ? 1 : -1
  }
  return { prepare: Object.keys(flags).length > 0 ? [{ $set: flags }] : [], keys }
}

/** What `partitionBy` and `$group` take for these columns: null is a group too, and absent is null. */
export function partition(columns: readonly { readonly id: string }[]): Fields | Expression | null {
  const [first, ...rest] = columns
  if (!first) return null
  if (rest.length === 0) return orNull(read(first))
  return Object.fromEntries(columns.map((column) => [column.id, orNull(read(column))]))
}
