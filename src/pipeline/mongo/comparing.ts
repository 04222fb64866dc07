import type { Comparison } from '../condition.ts'
import { call, type Expression, literal, read } from './expression.ts'
import { patternFor } from './pattern.ts'
import type { MongoColumn } from './relation.ts'
import { textOf } from './text.ts'

/** The operators that compare with a constant, in `$match` and in expressions alike. */
export const comparators = {
  eq: '$eq',
  ne: '$ne',
  lt: '$lt',
  le: '$lte',
  gt: '$gt',
  ge: '$gte',
} as const satisfies Record<Comparison, string>

/** Whether an RE2 expression is found in the text of a value. False for null. */
export function search(pattern: string, column: MongoColumn): Expression {
  const regex = literal(patternFor(pattern), 'text')
  return call('$regexMatch', { input: textOf(read(column), column.type), regex })
}
