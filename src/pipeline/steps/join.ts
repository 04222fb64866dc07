import * as z from 'zod'
import { record } from '../parsing/record.ts'
import { carried, columnOf, ref, select } from '../sql/context.ts'
import { joinSql, keyword, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import type { Column, ColumnType } from '../values.ts'
import { findColumns } from './columns.ts'
import { defineStep } from './definition.ts'
import { namePair, pipelineField } from './fields.ts'

type JoinKeys = readonly (readonly [string, string])[]
type JoinType = 'left' | 'inner' | 'full outer'

const fields = record({
  rightPipeline: pipelineField,
  type: z
    .enum(['left', 'inner', 'left outer', 'full outer'])
    .transform((type): JoinType => (type === 'left outer' ? 'left' : type)),
  on: z.array(namePair).min(1, 'Join on at least one pair of columns.'),
})

type JoinFields = z.output<typeof fields>

export const join = defineStep({
  name: 'join',
  summary:
    'Adds the columns of another pipeline where the keys are equal; null is equal to nothing. Rows keep their order.',
  fields,
  pipelines: ['rightPipeline'],
  columns: (step, input, context) => {
    const right = context.columnsOf(step.rightPipeline)
    findColumns(
      step,
      step.on.map(([name]) => name),
      input,
    )
    findColumns(
      step,
      step.on.map(([, name]) => name),
      right,
    )
    const merged = input.map((column) => ({ ...column, type: mergedType(step, column, right) }))
    return [...merged, ...addedColumns(step.on, input, right)]
  },
  sql: (step, input, context) => {
    const right = context.relation(step.rightPipeline)
    const merged = new Map<SqlColumn, { column: SqlColumn; value: Sql }>()
    if (step.type === 'full outer') {
      for (const [name] of sharedKeys(step.on)) {
        const left = columnOf(input, name)
        const column = context.fresh({ name, type: mergedType(step, left, right.columns) })
        merged.set(left, {
          column,
          value: sql`coalesce(${ref(left)}, ${ref(columnOf(right, name))}) AS ${ref(column)}`,
        })
      }
    }
    const list = [carried(input), carried(right), ...[...merged.values()].map(({ value }) => value)]
    const from = sql`${input.from} ${keyword(keywords[step.type])} JOIN ${right.from} ON ${matching(step.on, input, right)}`
    return {
      from: context.cte(select(joinSql(list, ', '), from)),
      columns: [
        ...input.columns.map((column) => merged.get(column)?.column ?? column),
        ...addedColumns(step.on, input.columns, right.columns),
      ],
      // Rows without a partner on the left have no left keys, so they come last, in the order of the right side.
      order: [...input.order, ...right.order],
      inOrder: false,
    }
  },
})

const keywords = { left: 'LEFT', inner: 'INNER', 'full outer': 'FULL OUTER' } as const

function matching(on: JoinKeys, left: Relation, right: Relation): Sql {
  const pairs = on.map(([leftName, rightName]) => [columnOf(left, leftName), columnOf(right, rightName)] as const)
  if (pairs.some(([a, b]) => !comparable(a.type, b.type))) return sql`FALSE`
  return joinSql(
    pairs.map(([a, b]) => sql`${ref(a)} = ${ref(b)}`),
    ' AND ',
  )
}

/** Types never cross: a text key equals no number, whatever it looks like. */
function comparable(a: ColumnType, b: ColumnType): boolean {
  const isNumeric = (type: ColumnType): boolean => type === 'integer' || type === 'number'
  return a === b || (isNumeric(a) && isNumeric(b))
}

/** Pairs with the same name on both sides: they give one column. */
function sharedKeys(on: JoinKeys): JoinKeys {
  const names = new Set(on.filter(([left, right]) => left === right).map(([name]) => name))
  return [...names].map((name) => [name, name])
}

function mergedType(step: Pick<JoinFields, 'on' | 'type'>, column: Column, right: readonly Column[]): ColumnType {
  const isShared = step.type === 'full outer' && sharedKeys(step.on).some(([name]) => name === column.name)
  const other = isShared ? right.find(({ name }) => name === column.name)?.type : undefined
  return other !== undefined && other !== column.type ? 'number' : column.type
}

/** The right side's columns without the shared keys, under names that are free. */
function addedColumns<C extends Column>(on: JoinKeys, left: readonly Column[], right: readonly C[]): C[] {
  const shared = new Set(sharedKeys(on).map(([name]) => name))
  const taken = new Set(left.map(({ name }) => name))
  return right
    .filter(({ name }) => !shared.has(name))
    .map((column) => {
      let { name } = column
      while (taken.has(name)) name += '_right'
      taken.add(name)
      return { ...column, name }
    })
}
