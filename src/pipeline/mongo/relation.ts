import type { Column } from '../values.ts'
import type { Stage } from './stage.ts'

/** A column and the field of the documents that holds it. `id` is generated; `name` is what people see. */
export interface MongoColumn extends Column {
  readonly id: string
}

/** `id` may belong to a column that is no longer visible: fields stay in the documents until the end. Nulls are always last. */
export interface MongoOrderKey {
  readonly id: string
  readonly descending: boolean
  /** Numbers of rows are never null, and sort by their index. */
  readonly nullable: boolean
}

/**
 * What a step reads and gives: the documents of a collection after some stages. Renaming, selecting and deleting change only
 * `columns`, sorting only `order`. A column that is null may be absent.
 */
export interface MongoRelation {
  readonly collection: string
  readonly stages: readonly Stage[]
  readonly columns: readonly MongoColumn[]
  /** No two rows are alike in all of these: together they are the identity of a row. */
  readonly order: readonly MongoOrderKey[]
  /** The documents come in this order by themselves. */
  readonly inOrder: boolean
}

/**
 * Where a domain is: one collection. Documents are `{ _id, c0, c1, … }`, where `_id` numbers the rows in their first order and the
 * fields are those of the columns: integers as 64 bit, numbers as finite doubles, texts, booleans, dates; null may be absent.
 */
export interface MongoSource {
  readonly collection: string
  /** The ids are a letter from `a` to `u` and a number. */
  readonly columns: readonly MongoColumn[]
}

/** A compiled query. `columns` is known before anything runs, in the order of the answer. */
export interface CompiledMongo {
  /** Where the aggregation starts. */
  readonly collection: string
  /** The fields of the answer's documents, and the names that people know them by. */
  readonly columns: readonly MongoColumn[]
  /** All rows in their order; `$skip` and `$limit` may follow. */
  readonly stages: readonly Stage[]
  /** One document `{ count }`, or none where there are no rows. */
  readonly count: readonly Stage[]
}
