import type { ColumnType } from '../values.ts'
import type { Formula, FormulaOperator, FormulaProblem, FormulaType } from './formula.ts'

/**
 * The type of a formula's values: `/` gives a number, integers stay integers under `+ - * %`, text + text is text. Every other mix is
 * a problem that names the types. A formula that is only `null` has the type `null`.
 */
export function formulaType(formula: Formula, typeOf: (column: string) => ColumnType): FormulaType | FormulaProblem {
  switch (formula.kind) {
    case 'constant':
      return formula.type
    case 'column':
      return typeOf(formula.name)
    case 'negate': {
      const type = formulaType(formula.operand, typeOf)
      if (typeof type !== 'string' || isNumeric(type) || type === 'null') return type
      return { message: `"-" needs a number, and this is ${type}.`, position: formula.position }
    }
    case 'binary': {
      const left = formulaType(formula.left, typeOf)
      if (typeof left !== 'string') return left
      const right = formulaType(formula.right, typeOf)
      if (typeof right !== 'string') return right
      return operationType(formula.operator, left, right) ?? mixed(formula, left, right)
    }
  }
}

/** The type of an operation, undefined for types that do not go together. */
export function operationType(
  operator: FormulaOperator,
  left: FormulaType,
  right: FormulaType,
): FormulaType | undefined {
  const fits = (type: FormulaType): boolean => type === 'null' || isNumeric(type)
  if (fits(left) && fits(right)) {
    if (operator === '/') return 'number'
    if (left === 'null') return right
    return right === 'null' || left === right ? left : 'number'
  }
  const isText = (type: FormulaType): boolean => type === 'null' || type === 'text'
  return operator === '+' && isText(left) && isText(right) ? 'text' : undefined
}

function mixed(
  formula: { operator: FormulaOperator; position: number },
  left: FormulaType,
  right: FormulaType,
): FormulaProblem {
  return { message: `"${formula.operator}" cannot be used between ${left} and ${right}.`, position: formula.position }
}

function isNumeric(type: FormulaType): boolean {
  return type === 'integer' || type === 'number'
}
