import { Problem } from '../../base/index.ts'
import { columnOf } from '../sql/context.ts'
import { type Grouping, geometryColumn, type ShapeState } from '../steps/shapes.ts'
import { after, hidden, keyOf, type MongoContext } from './context.ts'
import { call, choose, type Expression, isNull, literal, literals, orNull, over, read } from './expression.ts'
import type { MongoColumn, MongoRelation } from './relation.ts'
import type { FieldTest } from './stage.ts'
import { windowed } from './window.ts'

const [zero, one] = [literal(0, 'integer'), literal(1, 'integer')]

/** The n-th shape (from 1) in one of the lists that were made. Errors: `internal` for a step that is not settled. */
export function nthShape({ shapes }: ShapeState, { list, n }: { list: number; n: Expression }): Expression {
  const texts = Array.isArray(shapes) ? shapes[list] : undefined
  if (!texts) throw new Problem('internal', 'A step about shapes was compiled before they were made.')
  return orNull(call('$arrayElemAt', [literals(texts, 'text'), call('$subtract', [n, one])]))
}

/** A query for texts, as `numberedShapes` of SQL makes them. */
export function numberedShapes(
  input: MongoRelation,
  { groupings, includeNulls }: Grouping,
  context: MongoContext,
): MongoRelation {
  const named = (name: string): MongoColumn => columnOf(input, name)
  let rows = input
  const numbers = groupings.map((names) => {
    const groups = names.map(named)
    if (includeNulls) {
      const numbered = groupNumbers(rows, { by: [], groups, nullable: true }, context)
      rows = numbered.rows
      return read(numbered.number)
    }
    const whole = hidden(context)
    const isWhole = call(
      '$and',
      groups.map((group) => call('$not', [isNull(read(group))])),
    )
    const flagged = after(rows, { $set: { [whole.id]: isWhole } })
    const numbered = groupNumbers(flagged, { by: [whole], groups, nullable: false }, context)
    rows = numbered.rows
    return choose(read(whole), read(numbered.number), zero)
  })
  const colon = literal(':', 'text')
  const parts = numbers.flatMap((number) => [call('$toString', number), colon])
  const shape = context.fresh({ name: geometryColumn, type: 'text' })
  const text = call('$concat', [...parts, read(named(geometryColumn))])
  return { ...after(rows, { $set: { [shape.id]: text } }), columns: [shape], inOrder: false }
}

export interface GroupsToNumber {
  /** Numbers begin again for each of these. */
  readonly by: readonly MongoColumn[]
  readonly groups: readonly MongoColumn[]
  /** Whether null is a group too, which then comes last. */
  readonly nullable: boolean
}

/** MongoDB sorts by 32 keys at most, and one that may be null takes two. */
const mostGroups = 12

/** The rows with the number of their group, from 1 in the order of the groups. `$denseRank` takes one key only. */
export function groupNumbers(
  input: MongoRelation,
  { by, groups, nullable }: GroupsToNumber,
  context: MongoContext,
): { readonly rows: MongoRelation; readonly number: MongoColumn } {
  if (groups.length > mostGroups) {
    const first = groupNumbers(input, { by, groups: groups.slice(0, mostGroups), nullable }, context)
    const rest = [first.number, ...groups.slice(mostGroups)]
    return groupNumbers(first.rows, { by, groups: rest, nullable }, context)
  }
  const [place, number] = [hidden(context), hidden(context)]
  const keys = groups.map((group) => ({ ...keyOf(group, false), nullable }))
  const placed = windowed(
    input,
    { by: [...by, ...groups], order: keys, output: { [place.id]: call('$documentNumber', {}) } },
    context,
  )
  // The first row of each group counts, and comes before the others of its group.
  const counts = choose(call('$eq', [read(place), one]), one, zero)
  const order = [...keys, { id: place.id, descending: false, nullable: false }]
  const output = { [number.id]: over(call('$sum', counts), ['unbounded', 'current']) }
  return { rows: windowed(placed, { by, order, output }, context), number }
}

/** The rows with a value in each of these columns. */
export function withoutNulls(input: MongoRelation, names: readonly string[]): MongoRelation {
  const tests = names.map((name): [string, FieldTest] => [columnOf(input, name).id, { $ne: null }])
  return after(input, { $match: Object.fromEntries(tests) })
}
