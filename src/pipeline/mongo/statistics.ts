import type { StatisticName } from '../steps/statistic-names.ts'
import type { Column } from '../values.ts'
import { withValues } from './computed.ts'
import { hidden, keyOf, type MongoContext } from './context.ts'
import {
  bound,
  call,
  choose,
  type Expression,
  finite,
  isNull,
  literal,
  nothing,
  orNull,
  read,
  variable,
} from './expression.ts'
import { figureMongo, type MongoFigure } from './figures.ts'
import { grouped } from './group.ts'
import type { MongoColumn, MongoRelation } from './relation.ts'
import { windowed } from './window.ts'

/** What is asked about a column. `columns` are the new ones: those of the statistics, then those of the quantiles. */
export interface MongoStatistics {
  readonly groups: readonly MongoColumn[]
  readonly value: MongoColumn
  readonly statistics: readonly StatisticName[]
  /** How far each quantile is from the first value to the last, from 0 to 1. */
  readonly fractions: readonly number[]
  readonly columns: readonly Column[]
}

/** The groups with their figures. */
export function statisticsMongo(asked: MongoStatistics, input: MongoRelation, context: MongoContext): MongoRelation {
  const { groups, value, statistics, fractions, columns } = asked
  const [position, count] = [hidden(context), hidden(context)]
  const isThere = choose(isNull(read(value)), literal(0, 'integer'), literal(1, 'integer'))
  const numbered = windowed(
    input,
    { by: groups, order: [keyOf(value, false)], output: { [position.id]: call('$documentNumber', {}) } },
    context,
  )
  const rows = windowed(numbered, { by: groups, output: { [count.id]: call('$sum', isThere) } }, context)
  const plainFigures = statistics.map((name, at) => ({
    column: context.fresh(columns[at] ?? value),
    figure: statisticMongo(name, value, { groups, input: rows, context }),
  }))
  const quantiles = fractions.map((fraction) => quantileMongo(fraction, { value, position, count, context }))
  const figures = [...plainFigures, ...quantiles.flatMap(({ figures: needed }) => needed)]
  const found = grouped(rows, { groups, figures }, context)
  const shown = [...groups, ...plainFigures.map(({ column }) => column)]
  const computed = quantiles.map(({ result }, at) => ({
    column: columns[statistics.length + at] ?? value,
    value: result,
  }))
  return { ...withValues({ ...found, columns: shown }, computed, context), order: found.order }
}

interface MongoScope {
  readonly groups: readonly MongoColumn[]
  readonly input: MongoRelation
  readonly context: MongoContext
}

function statisticMongo(name: StatisticName, column: MongoColumn, scope: MongoScope): MongoFigure {
  switch (name) {
    case 'count':
    case 'max':
    case 'min':
      return figureMongo(name, column, scope)
    case 'average':
      return figureMongo('avg', column, scope)
    case 'variance':
    case 'standard deviation': {
      const accumulate = call('$stdDevPop', orNull(read(column)))
      if (name !== 'variance') return { before: [], accumulate, finish: finite }
      const squared = finite(call('$multiply', [variable('d0'), variable('d0')]))
      return { before: [], accumulate, finish: (deviation) => bound({ d0: finite(deviation) }, squared) }
    }
  }
}

interface MongoNumbered {
  readonly value: MongoColumn
  readonly position: MongoColumn
  readonly count: MongoColumn
  readonly context: MongoContext
}

/** The two neighbours and how far it is from the one to the other, for each group; then the quantile out of them. */
function quantileMongo(fraction: number, { value, position, count, context }: MongoNumbered) {
  const one = literal(1, 'integer')
  const way = call('$multiply', [literal(fraction, 'number'), call('$subtract', [read(count), one])])
  const at = (place: Expression): MongoFigure => {
    const isHere = call('$eq', [read(position), call('$add', [place, one])])
    const accumulate = call('$max', choose(isHere, call('$toDouble', read(value)), nothing))
    return { before: [], accumulate, finish: orNull }
  }
  const rest: MongoFigure = {
    before: [],
    accumulate: call('$max', call('$subtract', [way, call('$floor', way)])),
    finish: orNull,
  }
  const figures = [at(call('$floor', way)), at(call('$ceil', way)), rest].map((figure) => ({
    column: hidden(context),
    figure,
  }))
  const [lower = nothing, upper = nothing, left = nothing] = figures.map(({ column }) => read(column))
  const result = finite(call('$add', [lower, call('$multiply', [call('$subtract', [upper, lower]), left])]))
  return { figures, result }
}
