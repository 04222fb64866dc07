import type { Condition } from '../condition.ts'
import { type Decision, decide } from '../conditions/decide.ts'
import { membersOf } from '../conditions/members.ts'
import { comparators, search } from './comparing.ts'
import { call, type Expression, isNull, literal, literals, no, read, yes } from './expression.ts'
import type { MongoColumn } from './relation.ts'

/** A condition as true or false beside other values of a row; `$match` has `conditionMatch`, which can use an index. */
export function conditionValue(condition: Condition, columnOf: (name: string) => MongoColumn, now: Date): Expression {
  if ('always' in condition) return condition.always ? yes : no
  if ('column' in condition) {
    const column = columnOf(condition.column)
    return decisionValue(decide(condition, column.type, now), column)
  }
  const members = membersOf(condition).map((member) => conditionValue(member, columnOf, now))
  return call('and' in condition ? '$and' : '$or', members)
}

function decisionValue(decision: Decision, column: MongoColumn): Expression {
  const value = read(column)
  switch (decision.test) {
    case 'constant':
      return decision.holds ? yes : no
    case 'null':
      return decision.holds ? isNull(value) : not(isNull(value))
    case 'compare': {
      const test = call(comparators[decision.operator], [value, literal(decision.value, column.type)])
      // Null is less than everything here.
      const below = decision.operator === 'lt' || decision.operator === 'le'
      return below ? call('$and', [not(isNull(value)), test]) : test
    }
    case 'member': {
      const isMember = call('$in', [value, literals(decision.values, column.type)])
      const test = decision.negated ? not(isMember) : isMember
      return decision.nulls ? call('$or', [test, isNull(value)]) : call('$and', [test, not(isNull(value))])
    }
    case 'matches': {
      const found = search(decision.pattern, column)
      return decision.negated ? not(found) : found
    }
  }
}

function not(test: Expression): Expression {
  return call('$not', [test])
}
