import { fieldParts } from '../names.ts'
import type { Page } from '../page.ts'
import { type Condition, everything } from './filter.ts'
import { type Key, orderedText, pathOf } from './keys.ts'

export type Sort = Readonly<Record<string, 1 | -1>>

/** The field that a page is ordered by, as MongoDB knows it; undefined: by id alone. */
export function keyFieldOf({ field }: Page): string | undefined {
  return field === 'id' ? undefined : `k.${pathOf(fieldParts(field))}`
}

export function sortOf(page: Page): Sort {
  const keyField = keyFieldOf(page)
  const direction = page.descending ? -1 : 1
  return keyField === undefined ? { _id: direction } : { [keyField]: direction, _id: 1 }
}

/** What comes after an id in the order of ids. */
export function afterId({ after, descending }: Page): Condition {
  return after === undefined ? everything : { _id: { [descending ? '$lt' : '$gt']: orderedText(after) } }
}

/** What comes after a document with this key. MongoDB compares within one type only, so the other types are named. */
export function afterKey(keyField: string, place: { after: string; descending: boolean; key: Key | null }): Condition {
  const { after, descending, key } = place
  const ties = { [keyField]: { $eq: key }, _id: { $gt: orderedText(after) } }
  const others = (descending ? below(key) : above(key)).map((comparison) => ({ [keyField]: comparison }))
  return others.length === 0 ? ties : { $or: [...others, ties] }
}

const anyNumber = { $gte: Number.NEGATIVE_INFINITY }
const anyText = { $gte: '' }
const nothing = { $eq: null }

function above(key: Key | null): Condition[] {
  if (key === null) return [anyNumber, anyText]
  return typeof key === 'number' ? [{ $gt: key }, anyText] : [{ $gt: key }]
}

function below(key: Key | null): Condition[] {
  if (key === null) return []
  return typeof key === 'number' ? [{ $lt: key }, nothing] : [{ $lt: key }, anyNumber, nothing]
}
