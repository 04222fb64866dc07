import { Problem } from '../../base/index.ts'
import { carried, columnOf, ref, type SqlContext, select } from '../sql/context.ts'
import { bind, joinSql, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import { windowSql } from '../sql/window.ts'
import type { AnyStep } from '../step.ts'
import type { Column } from '../values.ts'
import { findColumns, stepProblem } from './columns.ts'

/** The column of the shapes, each the text of a GeoJSON geometry. */
export const geometryColumn = 'geometry'

/**
 * What a step about shapes carries, like the values of a pivot: nothing as it is parsed, `'wanted'` while it is a query for one column
 * of texts that tell its shapes, and then lists of
 * the shapes that were made of them, as texts. `settleQuery` takes it from one to the next.
 */
export interface ShapeState {
  readonly shapes?: 'wanted' | readonly (readonly (string | null)[])[]
}

/** The column of the shapes. Errors: `pipeline_invalid` when there is none or it holds no texts. */
export function findGeometry(step: AnyStep, input: readonly Column[]): Column {
  const [column] = findColumns(step, [geometryColumn], input)
  if (column?.type === 'text') return column
  throw stepProblem(step, `the column "${geometryColumn}" is ${column?.type}, and shapes are texts of GeoJSON.`, {
    column: geometryColumn,
  })
}

/** The n-th shape (from 1) in one of the lists that were made. Errors: `internal` for a step that is not settled. */
export function settledShape({ shapes }: ShapeState, { list, n }: { list: number; n: Sql }, context: SqlContext): Sql {
  const texts = Array.isArray(shapes) ? shapes[list] : undefined
  if (!texts) throw new Problem('internal', 'A step about shapes was compiled before they were made.')
  return context.dialect.shapes.nthText(bind(JSON.stringify(texts), 'text'), n)
}

export interface Grouping {
  readonly groupings: readonly (readonly string[])[]
  /** Whether null is a group like any other; else such rows are in none. */
  readonly includeNulls: boolean
}

/** A query for texts `<number>:<number>:<shape>`: the groups of a row in each grouping, from 1 on in their order, 0 for none. */
export function numberedShapes(input: Relation, { groupings, includeNulls }: Grouping, context: SqlContext): Relation {
  const { dialect } = context
  const geometry = ref(columnOf(input, geometryColumn))
  const numbers = groupings.map((names) => {
    const groups = names.map((name) => columnOf(input, name))
    return dialect.textOf(numberOfGroup(groups, includeNulls, context), 'integer')
  })
  const shape = context.fresh({ name: geometryColumn, type: 'text' })
  const text = dialect.text.join([...numbers, dialect.textOf(geometry, 'text')], bind(':', 'text'))
  const present = sql`CASE WHEN ${geometry} IS NOT NULL THEN ${text} END AS ${ref(shape)}`
  const keys = [...new Set(input.order.map(({ id }) => id))].map((id) => ref({ id }))
  const from = context.barrier(select(joinSql([...keys, present], ', '), input.from))
  return { from, columns: [shape], order: input.order, inOrder: false }
}

/** The shapes of each group, by the number of its grouping and its own, from a column that `numberedShapes` asks for. */
export function groupsOfShapes(texts: readonly string[], groupings: number): string[][][] {
  const found: string[][][] = Array.from({ length: groupings }, () => [])
  for (const text of texts) {
    const [, numbers = '', shape = ''] = /^((?:\d+:)*)(.*)$/s.exec(text) ?? []
    for (const [at, number] of numbers.split(':').slice(0, groupings).entries()) {
      const groups = found[at]
      if (number === '0' || !groups) continue
      const group = groups[Number(number) - 1] ?? []
      group.push(shape)
      groups[Number(number) - 1] = group
    }
  }
  return found
}

function numberOfGroup(groups: readonly SqlColumn[], includeNulls: boolean, { dialect }: SqlContext): Sql {
  const order = windowSql({ order: groups.map(({ id }) => ({ id, descending: false })) }, dialect)
  if (includeNulls) return sql`dense_rank() OVER (${order})`
  const whole = joinSql(groups.map(isPresent), ' AND ')
  const number = sql`dense_rank() OVER (PARTITION BY CASE WHEN ${whole} THEN 1 ELSE 0 END ${order})`
  return sql`CASE WHEN ${whole} THEN ${number} ELSE 0 END`
}

/** The rows with a value in each of these columns. */
export function withoutNulls(input: Relation, names: readonly string[], context: SqlContext): Relation {
  const present = [...new Set(names)].map((name) => isPresent(columnOf(input, name)))
  if (present.length === 0) return input
  const from = context.cte(sql`${select(carried(input), input.from)} WHERE ${joinSql(present, ' AND ')}`)
  return { ...input, from }
}

function isPresent(column: SqlColumn): Sql {
  return sql`${ref(column)} IS NOT NULL`
}
