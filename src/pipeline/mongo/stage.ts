import type { Value } from '../values.ts'
import type { Expression } from './expression.ts'

/** What `$match` asks of one field. Values here are never read as expressions. */
export interface FieldTest {
  readonly $eq?: Value
  readonly $ne?: Value
  readonly $lt?: Value
  readonly $lte?: Value
  readonly $gt?: Value
  readonly $gte?: Value
  readonly $in?: readonly Value[]
  readonly $nin?: readonly Value[]
  readonly $regex?: string
  readonly $options?: string
  readonly $not?: { readonly $regex: string; readonly $options?: string }
}

export type Match =
  | { readonly $and: readonly Match[] }
  | { readonly $or: readonly Match[] }
  | { readonly $expr: Expression }
  | { readonly [field: string]: FieldTest }

export type Fields = { readonly [field: string]: Expression }

/** 1 is upwards. */
export type SortKeys = { readonly [field: string]: 1 | -1 }

/** The stages that this room makes: they only read. */
export type Stage =
  | { readonly $match: Match }
  | { readonly $set: Fields }
  | { readonly $project: { readonly [field: string]: Expression | 0 | 1 } }
  | { readonly $sort: SortKeys }
  | { readonly $limit: number }
  | { readonly $unset: string }
  | { readonly $unwind: { readonly path: Expression; readonly preserveNullAndEmptyArrays: boolean } }
  | { readonly $count: string }
  | { readonly $facet: { readonly [field: string]: readonly Stage[] } }
  | { readonly $group: { readonly [field: string]: Expression | Fields | null } }
  | {
      readonly $setWindowFields: {
        readonly partitionBy?: Expression | Fields
        readonly sortBy?: SortKeys
        readonly output: Fields
      }
    }
  | {
      readonly $lookup: {
        readonly from: string
        readonly let: Fields
        readonly pipeline: readonly Stage[]
        readonly as: string
      }
    }
  | { readonly $unionWith: { readonly coll: string; readonly pipeline: readonly Stage[] } }
