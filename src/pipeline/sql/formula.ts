import type { Formula, FormulaType } from '../formulas/formula.ts'
import { operationType } from '../formulas/types.ts'
import type { ColumnType } from '../values.ts'
import { constantSql } from './condition.ts'
import { ref, type SqlContext } from './context.ts'
import type { Sql } from './fragment.ts'
import type { NamedOperands } from './named-operands.ts'
import type { SqlColumn } from './relation.ts'

interface Scope {
  /** The type of the whole formula, which null literals take. */
  readonly type: ColumnType
  readonly columnOf: (name: string) => SqlColumn
  readonly context: SqlContext
  /** The expression is good for a query over the rows that these give. */
  readonly operands: NamedOperands
}

/** A formula whose types have been checked. */
export function formulaSql(formula: Formula, scope: Scope): Sql {
  const { sql, isOperation } = typedSql(formula, scope)
  return isOperation && scope.type === 'number' ? scope.context.dialect.finite(sql) : sql
}

interface Typed {
  readonly sql: Sql
  readonly type: FormulaType
  /** The level of names on which it can be computed. */
  readonly level: number
  /** Neither a column nor a constant. */
  readonly isOperation: boolean
}

function typedSql(formula: Formula, scope: Scope): Typed {
  const { context, columnOf } = scope
  switch (formula.kind) {
    case 'constant': {
      const { type, value } = formula
      return plain(constantSql(value, type === 'null' ? scope.type : type, context), type)
    }
    case 'column': {
      const column = columnOf(formula.name)
      return plain(ref(column), column.type)
    }
    case 'negate': {
      const { sql, type, level } = operand(formula.operand, scope)
      if (type === 'null') return plain(sql, type)
      return { sql: context.dialect.negate(sql, computed(type)), type, level, isOperation: true }
    }
    case 'binary': {
      const [left, right] = [operand(formula.left, scope), operand(formula.right, scope)]
      const type = operationType(formula.operator, left.type, right.type) ?? scope.type
      if (type === 'null') return plain(context.dialect.nullOf(scope.type), type)
      const of = computed(type)
      // A null is of the operation's type, not of the whole formula's: there is no operation between integers and numbers.
      const sqlOf = (each: Typed): Sql => (each.type === 'null' ? context.dialect.nullOf(of) : each.sql)
      const sql = context.dialect.operate(formula.operator, [sqlOf(left), sqlOf(right)], of)
      return { sql, type, level: Math.max(left.level, right.level), isOperation: true }
    }
  }
}

function plain(sql: Sql, type: FormulaType): Typed {
  return { sql, type, level: 0, isOperation: false }
}

/** An operation inside of another one gets a name. */
function operand(formula: Formula, scope: Scope): Typed {
  const typed = typedSql(formula, scope)
  if (!typed.isOperation) return typed
  return { ...typed, sql: scope.operands.name(typed.sql, typed.level), level: typed.level + 1 }
}

function computed(type: FormulaType): 'integer' | 'number' | 'text' {
  return type === 'integer' || type === 'text' ? type : 'number'
}
