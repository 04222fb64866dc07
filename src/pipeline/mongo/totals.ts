import { columnOf } from '../sql/context.ts'
import type { Figure } from '../steps/aggregations.ts'
import type { Column } from '../values.ts'
import { after, hidden, keyOf, type MongoContext } from './context.ts'
import { call, choose, type Expression, isNull, literal, literals, nothing, orNull, read } from './expression.ts'
import { figureMongo } from './figures.ts'
import { grouped } from './group.ts'
import type { MongoColumn, MongoRelation } from './relation.ts'
import { widenedValue } from './text.ts'
import { appended } from './union.ts'

export interface MongoTotals {
  /** Columns that are totalled, and with each the label of its total rows. */
  readonly dimensions: readonly string[]
  readonly labels: readonly string[]
  readonly groups: readonly string[]
  /** The sets of dimensions, by their positions, that are totalled together. */
  readonly ways: readonly ReadonlySet<number>[]
  readonly figures: readonly Figure[]
  readonly output: readonly Column[]
}

/** The rows as they are, and the total rows after them. */
export function totalsMongo(totals: MongoTotals, input: MongoRelation, context: MongoContext): MongoRelation {
  const scope: MongoScope = { ...totals, input, context }
  const withoutRows = totals.groups.length === 0 ? [totalOfNothing(scope)] : []
  return appended([ownRows(scope), totalRows(scope), ...withoutRows], totals.output, context)
}

interface MongoScope extends MongoTotals {
  readonly input: MongoRelation
  readonly context: MongoContext
}

/** A relation with the columns of the output, each with the value that is given for it. */
function shownAs(
  relation: MongoRelation,
  { output, context }: MongoScope,
  valueFor: (column: Column) => Expression,
): MongoRelation {
  const columns = output.map(context.fresh)
  const values = columns.map((column) => [column.id, valueFor(column)] as const)
  return { ...after(relation, { $set: Object.fromEntries(values) }), columns }
}

function ownRows(scope: MongoScope): MongoRelation {
  const { input, figures } = scope
  return shownAs(input, scope, ({ name, type }) => {
    const figure = figures.find(({ column }) => column.name === name)
    const source = columnOf(input, figure?.source ?? name)
    const [zero, one] = [literal(0, 'integer'), literal(1, 'integer')]
    if (figure?.aggFunction === 'count distinct including empty') return one
    if (figure?.aggFunction.startsWith('count')) return choose(isNull(read(source)), zero, one)
    return widenedValue(read(source), { from: source.type, to: type })
  })
}

/** The total over everything is a row even where there are no rows, and only then does it come from here. */
function totalOfNothing(scope: MongoScope): MongoRelation {
  const { dimensions, labels, input, context } = scope
  const one = after(input, { $limit: 1 })
  const figures = figuresMongo(scope, [], one)
  const count = {
    column: hidden(context),
    figure: figureMongo('count', hidden(context), { groups: [], countNulls: true, input, context }),
  }
  const total = grouped(one, { groups: [], figures: [...figures, count] }, context)
  const empty = after(total, { $match: { [count.column.id]: { $eq: 0 } } })
  return shownAs(empty, scope, ({ name }) => {
    const figure = figures.find(({ column }) => column.name === name)
    const label = labels[dimensions.indexOf(name)]
    return figure ? read(figure.column) : label === undefined ? nothing : literal(label, 'text')
  })
}

function figuresMongo({ figures, context }: MongoScope, groups: readonly MongoColumn[], input: MongoRelation) {
  return figures.map(({ column, source, aggFunction }) => ({
    column: context.fresh(column),
    figure: figureMongo(aggFunction, columnOf(input, source), { groups, input, context }),
  }))
}

/** Each row once for each way to total, so that all of them are grouped in one go. */
function totalRows(scope: MongoScope): MongoRelation {
  const { dimensions, labels, groups, ways, input, context } = scope
  const way = hidden(context)
  const keys = dimensions.map((name, at) => {
    const totalled = [...ways.keys()].filter((index) => ways[index]?.has(at))
    return { from: columnOf(input, name), isTotalled: call('$in', [read(way), literals(totalled, 'integer')]) }
  })
  const masked = keys.map(({ from }) => context.fresh(from))
  const left = keys.map(({ from, isTotalled }, at) => {
    return [masked[at]?.id ?? way.id, choose(isTotalled, nothing, orNull(read(from)))] as const
  })
  const rows = after(
    input,
    { $set: { [way.id]: literals([...ways.keys()], 'integer') } },
    { $unwind: { path: read(way), preserveNullAndEmptyArrays: false } },
    { $set: Object.fromEntries(left) },
  )
  const by: MongoColumn[] = [way, ...groups.map((name) => columnOf(input, name)), ...masked]
  const accumulated = figuresMongo(scope, by, rows)
  const found = grouped(rows, { groups: by, figures: accumulated }, context)
  const shown = shownAs(found, scope, ({ name, type }) => {
    const figure = accumulated.find(({ column }) => column.name === name)
    if (figure) return read(figure.column)
    if (groups.includes(name)) return read(columnOf(input, name))
    const at = dimensions.indexOf(name)
    const [key, label] = [keys[at], labels[at]]
    if (!key || label === undefined) return nothing
    const own = widenedValue(read(masked[at] ?? way), { from: key.from.type, to: type })
    return choose(key.isTotalled, literal(label, 'text'), own)
  })
  return { ...shown, order: by.map((column) => keyOf(column, false)) }
}
