import { Problem } from '../../base/index.ts'
import type { DomainStep, NestedPipeline } from '../step.ts'
import type { Column } from '../values.ts'
import type { SqlDialect } from './dialect.ts'
import { identifier, joinSql, type Sql, sql } from './fragment.ts'
import type { OrderKey, Relation, SqlColumn, SqlSource } from './relation.ts'

/** What a step has at hand to make its SQL. */
export interface SqlContext {
  readonly dialect: SqlDialect
  readonly now: Date
  source(step: DomainStep): SqlSource
  /** The column under a generated name that nothing else in the query has. */
  fresh(column: Column): SqlColumn
  /** Adds a CTE with this body and gives its name. */
  cte(body: Sql): Sql
  /** The same for a body with GROUP BY or a window, which the planners of databases find hard to look through in long chains. */
  groupingCte(body: Sql): Sql
  /** A nested pipeline, compiled once however often it is asked for. */
  relation(pipeline: NestedPipeline): Relation
}

/** A column that the step's `columns` has already found. Errors: `internal`. */
export function columnOf(relation: Relation, name: string): SqlColumn {
  const found = relation.columns.find((column) => column.name === name)
  if (!found) throw new Problem('internal', 'A step was compiled for a column that it does not have.')
  return found
}

export function ref(column: { readonly id: string }): Sql {
  return identifier(column.id)
}

/** `a, b, c`: everything that a CTE has to hand on, the order keys of columns that are no longer visible included. */
export function carried(relation: Relation): Sql {
  const ids = new Set([...relation.columns.map(({ id }) => id), ...relation.order.map(({ id }) => id)])
  return joinSql([...ids].map(identifier), ', ')
}

export function orderKeys(keys: readonly OrderKey[], dialect: SqlDialect): Sql {
  return joinSql(
    keys.map(({ id, descending }) => dialect.orderKey(identifier(id), descending, 'last')),
    ', ',
  )
}

/** The same keys backwards, so that the first row is the last one. */
export function reversedKeys(keys: readonly OrderKey[], dialect: SqlDialect): Sql {
  return joinSql(
    keys.map(({ id, descending }) => dialect.orderKey(identifier(id), !descending, 'first')),
    ', ',
  )
}

/** New keys first; the order that rows had before decides among equals. */
export function sortedBy(keys: readonly OrderKey[], before: readonly OrderKey[]): OrderKey[] {
  const seen = new Set<string>()
  return [...keys, ...before].filter(({ id }) => !seen.has(id) && seen.add(id))
}

export function select(list: Sql, from: Sql): Sql {
  return sql`SELECT ${list} FROM ${from}`
}
