import { Problem } from '../../base/index.ts'
import type { DomainStep, NestedPipeline } from '../step.ts'
import type { Column } from '../values.ts'
import type { SqlDialect } from './dialect.ts'
import { identifier, identifiers, joinSql, type Sql, sql } from './fragment.ts'
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
  /**
   * The same for a SELECT of computed columns, which ends with its FROM: where the database would put the expressions in the place of
   * the columns that are read from it, which doubles them with each step that reads a column twice, it is kept from that.
   */
  computed(body: Sql): Sql
  /**
   * The same for a body with GROUP BY, a window or a union, through which planners look with growing trouble: after a few of them
   * in a query, one is computed by itself.
   */
  barrier(body: Sql): Sql
  /** The same for a body that is read more than once: computed by itself, or a chain of such steps would take exponential time. */
  shared(body: Sql): Sql
  /** A nested pipeline, compiled once however often it is asked for. */
  relation(pipeline: NestedPipeline): Relation
}

/** A column that the step's `columns` has already found. Errors: `internal`. */
export function columnOf<C extends Column>(relation: { readonly columns: readonly C[] }, name: string): C {
  const found = relation.columns.find((column) => column.name === name)
  if (!found) throw new Problem('internal', 'A step was compiled for a column that it does not have.')
  return found
}

export function ref(column: { readonly id: string }): Sql {
  return identifier(column.id)
}

/** `a, b, c`: everything that a CTE has to hand on, the order keys of columns that are no longer visible included. */
export function carried(relation: Relation): Sql {
  return identifiers(carriedIds(relation))
}

export function carriedIds({ columns, order }: Relation): string[] {
  return [...new Set([...columns, ...order].map(({ id }) => id))]
}

export function orderKeys(keys: readonly OrderKey[], dialect: SqlDialect): Sql {
  return joinSql(
    keys.map(({ id, descending }) => dialect.orderKey(identifier(id), descending, 'last')),
    ', ',
  )
}

/** New keys first; the order that rows had before decides among equals. */
export function sortedBy<K extends { readonly id: string }>(keys: readonly K[], before: readonly K[]): K[] {
  const seen = new Set<string>()
  return [...keys, ...before].filter(({ id }) => !seen.has(id) && seen.add(id))
}

export function select(list: Sql, from: Sql): Sql {
  return sql`SELECT ${list} FROM ${from}`
}
