import { after, type MongoContext, partition, sorting } from './context.ts'
import type { MongoOrderKey, MongoRelation } from './relation.ts'
import type { Fields } from './stage.ts'

export interface Window {
  /** None: all rows together. Null is a group too. */
  readonly by?: readonly { readonly id: string }[]
  readonly order?: readonly MongoOrderKey[]
  readonly output: Fields
}

/** The rows with fields that are computed over the other rows of their group. They come in no order. */
export function windowed(input: MongoRelation, { by = [], order = [], output }: Window, context: MongoContext) {
  const { prepare, keys } = sorting(order, context)
  const partitionBy = partition(by)
  const stage = {
    $setWindowFields: {
      ...(partitionBy === null ? {} : { partitionBy }),
      ...(order.length > 0 ? { sortBy: keys } : {}),
      output,
    },
  }
  return { ...after(input, ...prepare, stage), inOrder: false }
}
