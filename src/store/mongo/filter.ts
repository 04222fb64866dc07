import type { Json } from '../../base/index.ts'
import { compileWith, type FieldDialect, type FilterDialect } from '../filter.ts'
import { fieldParts } from '../names.ts'
import type { Filter } from '../port.ts'
import { type Key, keyOf, memberKey, orderedText, pathOf, restStart, textStart } from './keys.ts'

/** A condition of MongoDB. Values stand behind an operator, so none of them is read as one; names are checked. */
export type Condition = Readonly<Record<string, unknown>>

export const everything: Condition = {}
const nothing: Condition = { _id: { $in: [] } }

const dialect: FilterDialect<Condition> = {
  everything,
  nothing,
  both: (kind, conditions) => ({ [`$${kind}`]: conditions }),
  on: (field) => (field === 'id' ? onId : onField(field)),
}

function onField(field: string): FieldDialect<Condition> {
  const path = pathOf(fieldParts(field))
  const key = `k.${path}`
  return {
    equal: (value) => ({ [key]: { $eq: keyOrNull(value) } }),
    unequal: (value) => ({ [key]: { $ne: keyOrNull(value) } }),
    among: (values) => ({ [key]: { $in: values.map(keyOrNull) } }),
    beyond: (side, value) => ({
      [key]: { [`$${side}`]: keyOf(value), ...(typeof value === 'string' && textEnd[side]) },
    }),
    exists: (exists) =>
      exists ? { $or: [{ [key]: { $exists: true } }, { n: path }] } : { [key]: { $exists: false }, n: { $ne: path } },
    contains: (value) => ({ [`m.${path}`]: { $eq: memberKey(value) } }),
  }
}

/** Where texts end on the other side. Numbers need no end: MongoDB compares them with numbers only. */
const textEnd = { lt: { $gte: textStart }, gt: { $lt: restStart } } as const

/** Ids are texts, kept as they are. */
const onId: FieldDialect<Condition> = {
  equal: (value) => (typeof value === 'string' ? { _id: { $eq: orderedText(value) } } : nothing),
  unequal: (value) => (typeof value === 'string' ? { _id: { $ne: orderedText(value) } } : everything),
  among: (values) => ({ _id: { $in: values.filter((value) => typeof value === 'string').map(orderedText) } }),
  beyond: (side, value) => (typeof value === 'string' ? { _id: { [`$${side}`]: orderedText(value) } } : nothing),
  exists: (exists) => (exists ? everything : nothing),
  contains: () => nothing,
}

/** Errors: `internal` when it is not a filter of the grammar. */
export function compileFilter(filter: Filter): Condition {
  return compileWith(dialect, filter)
}

export function both(left: Condition, right: Condition): Condition {
  if (left === everything) return right
  return right === everything ? left : { $and: [left, right] }
}

function keyOrNull(value: Json): Key | null {
  return value === null ? null : keyOf(value)
}
