import type { Condition } from '../condition.ts'
import { type Decision, decide } from '../conditions/decide.ts'
import { membersOf } from '../conditions/members.ts'
import type { ColumnType, Value } from '../values.ts'
import { comparators, search } from './comparing.ts'
import { call, fieldName, integerOf, no } from './expression.ts'
import { patternFor } from './pattern.ts'
import type { MongoColumn } from './relation.ts'
import type { FieldTest, Match } from './stage.ts'

/**
 * A condition for `$match`, out of tests of fields, which can use an index. Their meaning is ours: types do not cross, null equals
 * absent, `ne` and `nin` include it and the others do not. Undefined for a condition that always holds.
 */
export function conditionMatch(
  condition: Condition,
  columnOf: (name: string) => MongoColumn,
  now: Date,
): Match | undefined {
  if ('always' in condition) return condition.always ? undefined : never
  if ('column' in condition) {
    const column = columnOf(condition.column)
    return decisionMatch(decide(condition, column.type, now), column)
  }
  const members = membersOf(condition).map((member) => conditionMatch(member, columnOf, now))
  const tests = members.filter((member) => member !== undefined)
  if ('and' in condition) return tests.length > 0 ? { $and: tests } : undefined
  return tests.length === members.length ? { $or: tests } : undefined
}

/** No document. */
export const never: Match = { $expr: no }

function decisionMatch(decision: Decision, column: MongoColumn): Match | undefined {
  const test = (fieldTest: FieldTest): Match => ({ [fieldName(column.id)]: fieldTest })
  const constant = (value: Value): Value => comparable(value, column.type)
  switch (decision.test) {
    case 'constant':
      return decision.holds ? undefined : never
    case 'null':
      return test(decision.holds ? { $eq: null } : { $ne: null })
    case 'compare':
      return test({ [comparators[decision.operator]]: constant(decision.value) })
    case 'member': {
      const values = decision.values.map(constant)
      // For both operators null in the list is null in the field, absent included.
      const all = decision.nulls === decision.negated ? values : [...values, null]
      return test(decision.negated ? { $nin: all } : { $in: all })
    }
    case 'matches':
      return searchMatch(decision, column)
  }
}

function searchMatch({ pattern, negated }: Extract<Decision, { test: 'matches' }>, column: MongoColumn): Match {
  if (column.type !== 'text') {
    const found = search(pattern, column)
    return { $expr: negated ? call('$not', [found]) : found }
  }
  const $regex = patternFor(pattern)
  // MongoDB reads UTF-8 anyway, other engines only with this flag; a known beginning is sought in an index only without flags.
  const test = /^\^[\w ]/.test($regex) ? { $regex } : { $regex, $options: 'u' }
  return { [fieldName(column.id)]: negated ? { $not: test } : test }
}

/** An integer that needs 64 bits as one, so that it is compared exactly. */
function comparable(value: Value, type: ColumnType): Value {
  return type === 'integer' && typeof value === 'number' ? integerOf(value) : value
}
