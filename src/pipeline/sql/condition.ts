import type { Comparison, Condition } from '../condition.ts'
import { type Decision, decide } from '../conditions/decide.ts'
import { membersOf } from '../conditions/members.ts'
import type { ColumnType, Value } from '../values.ts'
import { ref, type SqlContext } from './context.ts'
import { bind, joinSql, keyword, type Sql, sql } from './fragment.ts'
import type { Relation, SqlColumn } from './relation.ts'

/** A column as a condition tests it: by the position of its text, where the database keeps it so. */
export interface TestedColumn extends SqlColumn {
  readonly list?: readonly string[]
}

export function tested(column: SqlColumn, { lists }: Relation): TestedColumn {
  const list = lists?.get(column.id)
  return list ? { ...column, list } : column
}

/**
 * A condition for WHERE or CASE WHEN, where null counts as false. No leaf can be null in a way that `and` and `or` could turn into
 * true, and there is no `not`.
 */
export function conditionSql(condition: Condition, columnOf: (name: string) => TestedColumn, context: SqlContext): Sql {
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

function decisionSql(decision: Decision, column: TestedColumn, { dialect }: SqlContext): Sql {
  const value = ref(column)
  const equality = equalityOf(column, dialect)
  switch (decision.test) {
    case 'constant':
      return constant(decision.holds)
    case 'null':
      return decision.holds ? sql`${value} IS NULL` : sql`${value} IS NOT NULL`
    case 'compare': {
      if (decision.operator === 'eq' || decision.operator === 'ne') {
        const same = sql`${equality.value} ${keyword(comparators[decision.operator])} ${equality.bind(decision.value)}`
        return decision.operator === 'ne' ? orNull(same, value) : same
      }
      return sql`${value} ${keyword(comparators[decision.operator])} ${bind(decision.value, column.type)}`
    }
    case 'member': {
      const list = joinSql(
        decision.values.map((item) => equality.bind(item)),
        ', ',
      )
      const test = decision.negated ? sql`${equality.value} NOT IN (${list})` : sql`${equality.value} IN (${list})`
      return decision.nulls ? orNull(test, value) : test
    }
    case 'matches': {
      const test = dialect.search(textSql(value, column.type, dialect), decision.pattern)
      return decision.negated ? orNull(sql`NOT ${test}`, value) : test
    }
  }
}

/** The two sides of a test for equality. Positions are compared in half the time of texts; what is not in the list is nowhere. */
function equalityOf(column: TestedColumn, { position, exactly }: SqlContext['dialect']) {
  const { list } = column
  if (!list || !position) {
    const exact = column.type === 'text' && exactly ? exactly : (value: Sql) => value
    return { value: exact(ref(column)), bind: (value: Value) => exact(bind(value, column.type)) }
  }
  return {
    value: position(ref(column)),
    bind: (value: Value) => bind(list.indexOf(String(value).toWellFormed()), 'integer'),
  }
}

function textSql(value: Sql, type: ColumnType, { textOf }: SqlContext['dialect']): Sql {
  return type === 'text' ? value : textOf(value, type)
}

function orNull(test: Sql, value: Sql): Sql {
  return sql`(${test} OR ${value} IS NULL)`
}

function constant(holds: boolean): Sql {
  // Not every database has TRUE and FALSE.
  return holds ? sql`1 = 1` : sql`1 = 0`
}

/** A constant of a type; null as well, which cannot be bound without its type being lost. */
export function constantSql(value: Value, type: ColumnType, { dialect }: SqlContext): Sql {
  return value === null ? dialect.nullOf(type) : bind(value, type)
}
