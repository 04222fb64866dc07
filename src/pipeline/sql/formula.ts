import type { Formula, FormulaType } from '../formulas/formula.ts'
import { operationType } from '../formulas/types.ts'
import type { ColumnType } from '../values.ts'
import { constantSql } from './condition.ts'
import { ref, type SqlContext } from './context.ts'
import type { Sql } from './fragment.ts'
import type { SqlColumn } from './relation.ts'

interface Scope {
  /** The type of the whole formula, which null literals take. */
  readonly type: ColumnType
  readonly columnOf: (name: string) => SqlColumn
  readonly context: SqlContext
}

/** A formula whose types have been checked. */
export function formulaSql(formula: Formula, scope: Scope): Sql {
  const { sql } = typedSql(formula, scope)
  const computes = formula.kind === 'negate' || formula.kind === 'binary'
  return computes && scope.type === 'number' ? scope.context.dialect.finite(sql) : sql
}

interface Typed {
  readonly sql: Sql
  readonly type: FormulaType
}

function typedSql(formula: Formula, scope: Scope): Typed {
  const { context, columnOf } = scope
  switch (formula.kind) {
    case 'constant': {
      const { type, value } = formula
      return { sql: constantSql(value, type === 'null' ? scope.type : type, context), type }
    }
    case 'column': {
      const column = columnOf(formula.name)
      return { sql: ref(column), type: column.type }
    }
    case 'negate': {
      const { sql, type } = typedSql(formula.operand, scope)
      return { sql: type === 'null' ? sql : context.dialect.negate(sql, computed(type)), type }
    }
    case 'binary': {
      const [left, right] = [typedSql(formula.left, scope), typedSql(formula.right, scope)]
      const type = operationType(formula.operator, left.type, right.type) ?? scope.type
      if (type === 'null') return { sql: context.dialect.nullOf(scope.type), type }
      return { sql: context.dialect.operate(formula.operator, [left.sql, right.sql], computed(type)), type }
    }
  }
}

function computed(type: FormulaType): 'integer' | 'number' | 'text' {
  return type === 'integer' || type === 'text' ? type : 'number'
}
