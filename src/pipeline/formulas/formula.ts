import type { ColumnType, Value } from '../values.ts'

/** `null` is the type of the null literal: it fits everywhere. */
export type FormulaType = ColumnType | 'null'

export interface FormulaConstant {
  readonly kind: 'constant'
  readonly value: Exclude<Value, Date>
  readonly type: FormulaType
  readonly position: number
}

export type FormulaOperator = '+' | '-' | '*' | '/' | '%'

/** A formula as a tree. `position` is the 0-based offset in its text. */
export type Formula =
  | FormulaConstant
  | { readonly kind: 'column'; readonly name: string; readonly position: number }
  | { readonly kind: 'negate'; readonly operand: Formula; readonly position: number }
  | {
      readonly kind: 'binary'
      readonly operator: FormulaOperator
      readonly left: Formula
      readonly right: Formula
      readonly position: number
    }

export interface FormulaProblem {
  readonly message: string
  readonly position: number
}

/** The names of the columns that a formula reads, each once. */
export function formulaColumns(formula: Formula): string[] {
  const names = new Set<string>()
  collect(formula, names)
  return [...names]
}

function collect(formula: Formula, names: Set<string>): void {
  if (formula.kind === 'column') names.add(formula.name)
  if (formula.kind === 'negate') collect(formula.operand, names)
  if (formula.kind === 'binary') {
    collect(formula.left, names)
    collect(formula.right, names)
  }
}
