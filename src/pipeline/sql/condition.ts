import type { Comparison, Condition } from '../condition.ts'
import { type Decision, decide } from '../conditions/decide.ts'
import { membersOf } from '../conditions/members.ts'
import type { ColumnType, Value } from '../values.ts'
import { ref, type SqlContext } from './context.ts'
import { bind, joinSql, keyword, type Sql, sql } from './fragment.ts'
import type { SqlColumn } from './relation.ts'

/**
 * A condition for WHERE or CASE WHEN, where null counts as false. No leaf can be null in a way that `and` and `or` could turn into
 * true, and there is no `not`.
 */
export function conditionSql(condition: Condition, columnOf: (name: string) => SqlColumn, context: SqlContext): Sql {
  if ('always' in condition) return constant(condition.always)
  if ('column' in condition) {
    const column = columnOf(condition.column)
    return decisionSql(decide(condition, column.type, context.now), column, context)
  }
  const members = membersOf(condition).map((member) => conditionSql(member, columnOf, context))
  return sql`(${joinSql(members, 'and' in condition ? ' AND ' : ' OR ')})`
}

const comparators = { eq: '=', ne: '<>', lt: '<', le: '<=', gt: '>', ge: '>=' } as const satisfies Record<
  Comparison,
  string
>

function decisionSql(decision: Decision, column: SqlColumn, { dialect }: SqlContext): Sql {
  const value = ref(column)
  switch (decision.test) {
    case 'constant':
      return constant(decision.holds)
    case 'null':
      return decision.holds ? sql`${value} IS NULL` : sql`${value} IS NOT NULL`
    case 'compare': {
      const test = sql`${value} ${keyword(comparators[decision.operator])} ${bind(decision.value, column.type)}`
      return decision.operator === 'ne' ? orNull(test, value) : test
    }
    case 'member': {
      const list = joinSql(
        decision.values.map((item) => bind(item, column.type)),
        ', ',
      )
      const test = decision.negated ? sql`${value} NOT IN (${list})` : sql`${value} IN (${list})`
      return decision.nulls ? orNull(test, value) : test
    }
    case 'matches': {
      const test = dialect.search(textSql(value, column.type, dialect), decision.pattern)
      return decision.negated ? orNull(sql`NOT ${test}`, value) : test
    }
  }
}

function textSql(value: Sql, type: ColumnType, { textOf }: SqlContext['dialect']): Sql {
  return type === 'text' ? value : textOf(value, type)
}

function orNull(test: Sql, value: Sql): Sql {
  return sql`(${test} OR ${value} IS NULL)`
}

function constant(holds: boolean): Sql {
  return holds ? sql`TRUE` : sql`FALSE`
}

/** A constant of a type; null as well, which cannot be bound without its type being lost. */
export function constantSql(value: Value, type: ColumnType, { dialect }: SqlContext): Sql {
  return value === null ? dialect.nullOf(type) : bind(value, type)
}
