import type { AggFunction } from '../steps/aggregations.ts'
import { hidden, type MongoContext, partition, sorting } from './context.ts'
import { call, choose, type Expression, finite, fitting, isNull, literal, orNull, read } from './expression.ts'
import type { MongoColumn, MongoRelation } from './relation.ts'
import type { Stage } from './stage.ts'

/** A figure of groups of rows, for `$group` and for `$setWindowFields` over whole groups alike. */
export interface MongoFigure {
  /** Stages before the grouping: they number or spread values inside the groups, instead of collecting them. */
  readonly before: readonly Stage[]
  readonly accumulate: Expression
  /** The figure, from what was accumulated in a field. Without any row that field is absent. */
  readonly finish: (accumulated: Expression) => Expression
}

interface FigureScope {
  readonly groups: readonly MongoColumn[]
  /** Count rows instead of values. */
  readonly countNulls?: boolean
  readonly input: MongoRelation
  readonly context: MongoContext
}

const one = literal(1, 'integer')
const zero = literal(0, 'integer')

/** The figure of each group, groups being rows with the same values of `groups`. */
export function figureMongo(aggFunction: AggFunction, column: MongoColumn, scope: FigureScope): MongoFigure {
  const value = orNull(read(column))
  switch (aggFunction) {
    case 'sum':
      return { before: [], accumulate: call('$sum', value), finish: (sum) => sumOf(sum, column) }
    case 'avg':
      return { before: [], accumulate: call('$avg', value), finish: (average) => finite(average) }
    case 'min':
      return { before: [], accumulate: call('$min', value), finish: orNull }
    case 'max':
      return { before: [], accumulate: call('$max', value), finish: orNull }
    case 'count':
      return counting(scope.countNulls ? one : choose(isNull(value), zero, one))
    case 'count distinct':
    case 'count distinct including empty':
      return distinct(column, { ...scope, nulls: aggFunction === 'count distinct including empty' })
    case 'first':
    case 'last':
      return firstOf(column, { ...scope, reversed: aggFunction === 'last' })
  }
}

/** A sum that does not fit into 64 bits is a double, as in a formula; a sum of nothing is an integer. */
export function sumOf(sum: Expression, { type }: MongoColumn): Expression {
  const total = call('$ifNull', [sum, zero])
  return type === 'integer' ? fitting(total) : finite(call('$toDouble', total))
}

function counting(each: Expression): MongoFigure {
  return { before: [], accumulate: call('$sum', each), finish: (count) => call('$ifNull', [count, zero]) }
}

/** Counts the first row of each value. */
function distinct(
  column: MongoColumn,
  { groups, input, context, nulls }: FigureScope & { readonly nulls: boolean },
): MongoFigure {
  const number = hidden(context)
  const { prepare, keys } = sorting(input.order, context)
  const numbered: Stage = {
    $setWindowFields: {
      partitionBy: partition([...new Set([...groups, column])]) ?? zero,
      sortBy: Object.keys(keys).length > 0 ? keys : { [column.id]: 1 },
      output: { [number.id]: call('$documentNumber', {}) },
    },
  }
  const isFirst = call('$eq', [read(number), one])
  const counts = nulls ? isFirst : call('$and', [isFirst, call('$not', [isNull(read(column))])])
  return { ...counting(choose(counts, one, zero)), before: [...prepare, numbered] }
}

/** Gives every row of a group the first value that is not null; `reversed`: the last one. */
function firstOf(
  column: MongoColumn,
  { groups, input, context, reversed }: FigureScope & { readonly reversed: boolean },
): MongoFigure {
  const [missing, first] = [hidden(context), hidden(context)]
  const { prepare, keys } = sorting(input.order, context, { reversed })
  const by = partition(groups)
  return {
    before: [
      { $set: { [missing.id]: isNull(read(column)) } },
      ...prepare,
      {
        $setWindowFields: {
          ...(by === null ? {} : { partitionBy: by }),
          sortBy: { [missing.id]: 1, ...keys },
          output: { [first.id]: call('$first', orNull(read(column))) },
        },
      },
    ],
    accumulate: call('$max', orNull(read(first))),
    finish: orNull,
  }
}
