import * as z from 'zod'
import { after } from '../mongo/context.ts'
import { call, type Expression, orNull, read } from '../mongo/expression.ts'
import { joined } from '../mongo/join.ts'
import type { MongoColumn } from '../mongo/relation.ts'
import { record } from '../parsing/record.ts'
import { carried, carriedIds, columnOf, ref, type SqlContext, select } from '../sql/context.ts'
import type { SqlDialect } from '../sql/dialect.ts'
import { identifier, joinSql, keyword, type Sql, sql } from '../sql/fragment.ts'
import type { Relation, SqlColumn } from '../sql/relation.ts'
import type { AnyStep } from '../step.ts'
import type { Column, ColumnType } from '../values.ts'
import { commonType, widened } from './column-types.ts'
import { findColumns, stepProblem } from './columns.ts'
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
  example: {
    step: { rightPipeline: 'products', type: 'left', on: [['product', 'name']] },
    input: {
      columns: { product: 'text', sales: 'integer' },
      rows: [
        ['tea', 10],
        ['bread', 4],
        ['salt', 1],
      ],
    },
    others: {
      products: {
        columns: { name: 'text', category: 'text' },
        rows: [
          ['bread', 'food'],
          ['tea', 'drinks'],
          ['coffee', 'drinks'],
        ],
      },
    },
    output: {
      columns: { product: 'text', sales: 'integer', name: 'text', category: 'text' },
      rows: [
        ['tea', 10, 'tea', 'drinks'],
        ['bread', 4, 'bread', 'food'],
        ['salt', 1, null, null],
      ],
    },
  },
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
    refuseMixedKeys(step, input, right)
    const merged = input.map((column) => ({ ...column, type: mergedType(step, column, right) }))
    return [...merged, ...addedColumns(step.on, input, right)]
  },
  sql: (step, input, context) => {
    const right = context.relation(step.rightPipeline)
    if (step.type === 'full outer') return fullOuter(step, { left: input, right }, context)
    const on = matching(step.on, { left: input, right }, context)
    const from = sql`${input.from} ${keyword(keywords[step.type])} JOIN ${right.from} ON ${on}`
    return {
      from: context.cte(select(joinSql([carried(input), carried(right)], ', '), from)),
      columns: [...input.columns, ...addedColumns(step.on, input.columns, right.columns)],
      order: [...input.order, ...right.order],
      inOrder: false,
    }
  },
  mongo: (step, input, context) => {
    const right = context.relation(step.rightPipeline)
    const on = keyPairs(step.on, input, right)
    const { relation, right: found } = joined({ type: step.type, left: input, right, on }, context)
    const merged = new Map<MongoColumn, MongoColumn>()
    const values: Record<string, Expression> = {}
    for (const [name] of step.type === 'full outer' ? sharedKeys(step.on) : []) {
      const [own, other] = [columnOf(input, name), columnOf({ columns: found }, name)]
      const column = context.fresh({ name, type: mergedType(step, own, right.columns) })
      merged.set(own, column)
      const value = call('$ifNull', [read(own), orNull(read(other))])
      values[column.id] = column.type === own.type ? value : call('$toDouble', value)
    }
    return {
      ...(merged.size > 0 ? after(relation, { $set: values }) : relation),
      columns: [
        ...input.columns.map((column) => merged.get(column) ?? column),
        ...addedColumns(step.on, input.columns, found),
      ],
    }
  },
})

const keywords = { left: 'LEFT', inner: 'INNER' } as const

interface Sides {
  readonly left: Relation
  readonly right: Relation
}

/** Rows that are only on the right come last, whatever nulls the left rows have in their own order: `isLeft` tells them apart. */
function fullOuter(step: JoinFields, { left, right }: Sides, context: SqlContext): Relation {
  const isLeft = context.fresh({ name: '', type: 'integer' })
  const merged = new Map<SqlColumn, SqlColumn>()
  const list = [carried(left), carried(right), ref(isLeft)]
  for (const [name] of sharedKeys(step.on)) {
    const [own, other] = [columnOf(left, name), columnOf(right, name)]
    const column = context.fresh({ name, type: mergedType(step, own, right.columns) })
    merged.set(own, column)
    list.push(
      sql`coalesce(${keySql(own, other.type, context.dialect)}, ${keySql(other, own.type, context.dialect)}) AS ${ref(column)}`,
    )
  }
  const sides = bothSides(matching(step.on, { left, right }, context), { left, right, isLeft }, context)
  return {
    from: context.cte(select(joinSql(list, ', '), sides)),
    columns: [
      ...left.columns.map((column) => merged.get(column) ?? column),
      ...addedColumns(step.on, left.columns, right.columns),
    ],
    order: [{ id: isLeft.id, descending: false }, ...left.order, ...right.order],
    inOrder: false,
  }
}

/** Where there is no FULL OUTER JOIN: the rows of the left with their partners, then the rows of the right that are nobody's. */
function bothSides(on: Sql, { left, right, isLeft }: Sides & { isLeft: SqlColumn }, context: SqlContext): Sql {
  const marked = sql`(SELECT ${carried(left)}, 1 AS ${ref(isLeft)} FROM ${left.from}) marked`
  if (context.dialect.joinsFully) return sql`${marked} FULL OUTER JOIN ${right.from} ON ${on}`
  const list = joinSql([carried(left), ref(isLeft), carried(right)], ', ')
  const absent = [...carriedIds(left), isLeft.id].map((id) => sql`NULL AS ${identifier(id)}`)
  const alone = select(joinSql([...absent, carried(right)], ', '), right.from)
  const partner = sql`SELECT 1 FROM ${left.from} WHERE ${on}`
  return sql`(SELECT ${list} FROM ${marked} LEFT JOIN ${right.from} ON ${on} UNION ALL ${alone} WHERE NOT EXISTS (${partner})) sides`
}

interface Columns<C extends Column> {
  readonly columns: readonly C[]
}

/** The columns that have to be equal, undefined where types would cross: then nothing is. */
function keyPairs<C extends Column>(
  on: JoinKeys,
  left: Columns<C>,
  right: Columns<C>,
): (readonly [C, C])[] | undefined {
  const pairs = on.map(([leftName, rightName]) => [columnOf(left, leftName), columnOf(right, rightName)] as const)
  return pairs.every(([a, b]) => comparable(a.type, b.type)) ? pairs : undefined
}

/** A key beside one of another type: as numbers, which not every database makes of integers by itself. */
function keySql(column: SqlColumn, other: ColumnType, dialect: SqlDialect): Sql {
  return widened(ref(column), { from: column.type, to: commonType([column.type, other]) }, dialect)
}

function matching(on: JoinKeys, { left, right }: Sides, { dialect }: SqlContext): Sql {
  const pairs = keyPairs(on, left, right)
  if (!pairs) return sql`1 = 0`
  return joinSql(
    pairs.map(([a, b]) => sql`${keySql(a, b.type, dialect)} = ${keySql(b, a.type, dialect)}`),
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

/** A key that is one column of rows from both sides has to have one type. */
function refuseMixedKeys(step: AnyStep & JoinFields, left: readonly Column[], right: readonly Column[]): void {
  if (step.type !== 'full outer') return
  for (const [name] of sharedKeys(step.on)) {
    const [a, b] = [left, right].map((columns) => columns.find((column) => column.name === name)?.type)
    if (a === undefined || b === undefined || comparable(a, b)) continue
    throw stepProblem(step, `the key "${name}" is ${a} on the left and ${b} on the right.`, { column: name })
  }
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
