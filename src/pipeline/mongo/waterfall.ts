import type { Condition } from '../condition.ts'
import { columnOf, sortedBy } from '../sql/context.ts'
import type { Column } from '../values.ts'
import { conditionMatch } from './condition.ts'
import { conditionValue } from './condition-value.ts'
import { after, hidden, keyOf, type MongoContext } from './context.ts'
import {
  call,
  choose,
  type Expression,
  finite,
  firstThat,
  fitting,
  isNull,
  literal,
  literals,
  nothing,
  orNull,
  read,
  yes,
} from './expression.ts'
import { sumOf } from './figures.ts'
import { grouped } from './group.ts'
import type { MongoColumn, MongoRelation } from './relation.ts'
import type { Stage } from './stage.ts'
import { widenedValue } from './text.ts'
import { appended } from './union.ts'

/** One of the two milestones: which rows are at it, and the label of its total. */
interface Side {
  readonly condition: Condition
  readonly label: Expression
}

export interface MongoWaterfall {
  readonly groups: readonly MongoColumn[]
  readonly label: MongoColumn
  readonly parent: MongoColumn | undefined
  readonly value: MongoColumn
  readonly start: Side
  readonly end: Side
  /** Whether a label that is at one milestone only counts 0 at the other; else it is left out. */
  readonly backfill: boolean
  readonly sortBy: 'value' | 'label'
  readonly descending: boolean
  /** The groups, the label, the parent if there is one, the type and the value. */
  readonly output: readonly Column[]
}

/** The totals at both milestones, and between them the changes. */
export function waterfallMongo(waterfall: MongoWaterfall, input: MongoRelation, context: MongoContext): MongoRelation {
  const scope: Scope = { waterfall, changes: changesOf(waterfall, input, context), context }
  const rows = shownBlocks(blocksOf(scope), scope)
  if (waterfall.groups.length > 0) return rows
  return appended([rows, totalsOfNothing(scope)], waterfall.output, context)
}

interface Changes {
  readonly rows: MongoRelation
  /** Worth at both milestones. */
  readonly start: MongoColumn
  readonly end: MongoColumn
}

/** What each label is worth at both milestones: one row for each label, with its parent and groups. */
function changesOf(waterfall: MongoWaterfall, input: MongoRelation, context: MongoContext): Changes {
  const { groups, label, parent, value, backfill } = waterfall
  const named = (name: string): MongoColumn => columnOf(input, name)
  const conditions = [waterfall.start.condition, waterfall.end.condition]
  const sides = conditions.map((condition) => {
    const holds = conditionValue(condition, named, context.now)
    const sum = call('$sum', choose(holds, orNull(read(value)), nothing))
    const figure = { before: [], accumulate: sum, finish: (total: Expression) => sumOf(total, value) }
    return { worth: { column: context.fresh({ ...value, name: '' }), figure }, count: counted(holds, context) }
  })
  const matched = conditionMatch({ or: conditions }, named, context.now)
  const keys = [...new Set([...groups, label, ...(parent ? [parent] : [])])]
  const worths = sides.map(({ worth }) => worth)
  const counts = backfill ? [] : sides.map(({ count }) => count)
  const figures = [...worths, ...counts]
  const rows = grouped(matched ? after(input, { $match: matched }) : input, { groups: keys, figures }, context)
  const onBothSides = counts.map(({ column }): Stage => ({ $match: { [column.id]: { $gt: 0 } } }))
  const [start = value, end = value] = worths.map(({ column }) => column)
  return { rows: after(rows, ...onBothSides), start, end }
}

/** How many rows of a group this holds for. */
function counted(holds: Expression, context: MongoContext) {
  const each = choose(holds, literal(1, 'integer'), literal(0, 'integer'))
  return { column: hidden(context), figure: { before: [], accumulate: call('$sum', each), finish: orNull } }
}

/** The blocks of rows, in their order. */
const blocks = { start: 0, children: 1, parents: 2, end: 3 } as const

interface Scope {
  readonly waterfall: MongoWaterfall
  readonly changes: Changes
  readonly context: MongoContext
}

interface Blocks {
  readonly rows: MongoRelation
  readonly block: MongoColumn
  readonly label: MongoColumn
  readonly parent: MongoColumn | undefined
  readonly start: Expression
  readonly end: Expression
}

/** Each change once for each block, so that all of them are summed in one go. */
function blocksOf({ waterfall, changes, context }: Scope): Blocks {
  const { groups, parent } = waterfall
  const { start, end } = changes
  const { start: first, children, parents, end: last } = blocks
  const block = hidden(context)
  const [label, own] = [context.fresh(waterfall.label), parent && context.fresh(parent)]
  const keptIn = (which: readonly number[], column: MongoColumn): Expression =>
    choose(call('$in', [read(block), literals(which, 'integer')]), orNull(read(column)), nothing)
  const rows = after(
    changes.rows,
    { $set: { [block.id]: literals(parent ? [first, children, parents, last] : [first, children, last], 'integer') } },
    { $unwind: { path: read(block), preserveNullAndEmptyArrays: false } },
    { $set: { [label.id]: keptIn([children], waterfall.label) } },
    ...(own && parent ? [{ $set: { [own.id]: keptIn([children, parents], parent) } }] : []),
  )
  const totals = [start, end].map((side) => {
    const sum = {
      before: [],
      accumulate: call('$sum', orNull(read(side))),
      finish: (total: Expression) => sumOf(total, side),
    }
    return { worth: { column: context.fresh(side), figure: sum }, lacking: counted(isNull(read(side)), context) }
  })
  const keys = [block, ...groups, label, ...(own ? [own] : [])]
  const figures = totals.flatMap(({ worth, lacking }) => [worth, lacking])
  // A sum of sums is null when one of them is, because it fits no column.
  const [atStart = nothing, atEnd = nothing] = totals.map(({ worth, lacking }) =>
    choose(call('$eq', [read(lacking.column), literal(0, 'integer')]), read(worth.column), nothing),
  )
  const summed = grouped(rows, { groups: keys, figures }, context)
  return { rows: summed, block, label, parent: own, start: atStart, end: atEnd }
}

/** The blocks with the columns of the output. */
function shownBlocks({ rows, block, label, parent, start, end }: Blocks, { waterfall, context }: Scope): MongoRelation {
  const { groups, output, value: worth } = waterfall
  const columns = output.map(context.fresh)
  const inBlock = (values: { readonly [B in keyof typeof blocks]: Expression }): Expression =>
    firstThat(
      Object.entries(blocks).map(([name, number]) => {
        const isIt = call('$eq', [read(block), literal(number, 'integer')])
        return [isIt, values[name as keyof typeof blocks]] as const
      }),
      nothing,
    )
  const asText = (column: MongoColumn): Expression => widenedValue(read(column), { from: column.type, to: 'text' })
  const [first, last] = [waterfall.start.label, waterfall.end.label]
  const above = parent ? asText(parent) : nothing
  const difference = call('$subtract', [end, start])
  const change = worth.type === 'integer' ? fitting(difference) : finite(difference)
  const isParent = literal('parent', 'text')
  const values = [
    ...groups.map((group) => orNull(read(group))),
    inBlock({ start: first, children: asText(label), parents: above, end: last }),
    ...(parent ? [inBlock({ start: first, children: above, parents: above, end: last })] : []),
    inBlock({
      start: nothing,
      children: parent ? literal('child', 'text') : isParent,
      parents: isParent,
      end: nothing,
    }),
    inBlock({ start, children: change, parents: change, end }),
  ]
  const shown = columns.map(({ id }, at) => [id, values[at] ?? nothing] as const)
  const shownLabel = columns[groups.length] ?? block
  const value = columns.at(-1) ?? block
  const sorted = keyOf(waterfall.sortBy === 'value' ? value : shownLabel, waterfall.descending)
  const shownParent = parent && columns[groups.length + 1]
  const tied = [shownLabel, ...columns.slice(0, groups.length), ...(shownParent ? [shownParent] : [])]
  const ties = tied.map((column) => keyOf(column, false))
  const byBlock = { id: block.id, descending: false, nullable: false }
  return {
    ...after(rows, { $set: Object.fromEntries(shown) }),
    columns,
    order: sortedBy([byBlock, sorted, ...ties], []),
    inOrder: false,
  }
}

/** The totals over everything are rows even where there are no changes, and only then do they come from here. */
function totalsOfNothing(scope: Scope): MongoRelation {
  const { waterfall, changes, context } = scope
  const { start, end } = blocks
  const count = counted(yes, context)
  const total = grouped(after(changes.rows, { $limit: 1 }), { groups: [], figures: [count] }, context)
  const block = hidden(context)
  const both = after(
    total,
    { $match: { [count.column.id]: { $eq: null } } },
    { $set: { [block.id]: literals([start, end], 'integer') } },
    { $unwind: { path: read(block), preserveNullAndEmptyArrays: false } },
  )
  const [label, parent] = [hidden(context), waterfall.parent && hidden(context)]
  const none = sumOf(nothing, changes.start)
  return shownBlocks({ rows: both, block, label, parent, start: none, end: none }, scope)
}
