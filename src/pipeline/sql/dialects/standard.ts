import type { ColumnType } from '../../values.ts'
import type { SqlDialect } from '../dialect.ts'
import { bindRows, identifier, joinSql, type Sql, sql } from '../fragment.ts'
import type { OrderKey } from '../relation.ts'

/** What the dialects that keep to the standard write alike. */
export const standard = {
  quote: (name) => `"${name.replaceAll('"', '""')}"`,
  orderKey: (key, descending, nulls) => {
    if (nulls === 'first') return descending ? sql`${key} DESC NULLS FIRST` : sql`${key} ASC NULLS FIRST`
    return descending ? sql`${key} DESC NULLS LAST` : sql`${key} ASC NULLS LAST`
  },
  slice: (limit, offset) =>
    joinSql(
      [
        ...(limit === null ? [] : [sql`LIMIT ${bindRows(limit)}`]),
        ...(offset === 0 ? [] : [sql`OFFSET ${bindRows(offset)}`]),
      ],
      ' ',
    ),
  joinsFully: true,
  numbersRows: false,
} as const satisfies Partial<SqlDialect>

/** The keys of an order as they stand in an aggregate; undefined without any. */
export function aggregateOrder({
  keys,
  backwards,
}: {
  readonly keys: readonly OrderKey[]
  readonly backwards: boolean
}): Sql | undefined {
  if (keys.length === 0) return undefined
  const list = keys.map(({ id, descending }) =>
    standard.orderKey(identifier(id), backwards ? !descending : descending, backwards ? 'first' : 'last'),
  )
  return joinSql(list, ', ')
}

/**
 * The first or last non-null value by the one key that numbers the rows, any without a key: for databases with `min_by` and `max_by`,
 * which pass over nulls of the key.
 */
export function firstByNumber(value: Sql, _type: ColumnType, order: Parameters<SqlDialect['first']>[2]): Sql {
  const [key] = order.keys
  const numbered = sql`CASE WHEN ${value} IS NOT NULL THEN ${key ? identifier(key.id) : sql`1`} END`
  const isLast = key !== undefined && key.descending !== order.backwards
  return isLast ? sql`max_by(${value}, ${numbered})` : sql`min_by(${value}, ${numbered})`
}
