import type { Formula, FormulaOperator, FormulaType } from '../formulas/formula.ts'
import { operationType } from '../formulas/types.ts'
import type { ColumnType } from '../values.ts'
import { hidden, type MongoContext } from './context.ts'
import {
  bound,
  call,
  choose,
  type Expression,
  finite,
  fitting,
  isNull,
  literal,
  nothing,
  read,
  variable,
} from './expression.ts'
import type { MongoColumn } from './relation.ts'
import type { Stage } from './stage.ts'

interface Scope {
  /** The type of the whole formula, which null literals take. */
  readonly type: ColumnType
  readonly columnOf: (name: string) => MongoColumn
  readonly context: MongoContext
}

/** A formula whose types have been checked: its value, and stages that compute parts of it before. */
export function formulaMongo(formula: Formula, scope: Scope): { value: Expression; before: readonly Stage[] } {
  const before: Stage[] = []
  const whole = typed(formula, { ...scope, before })
  const computes = formula.kind === 'negate' || formula.kind === 'binary'
  const value = computes && scope.type === 'number' ? finite(settled(whole)) : settled(whole)
  return { value, before }
}

interface Part {
  readonly value: Expression
  readonly type: FormulaType
  /** Objects and lists inside of each other, at most. */
  readonly depth: number
  /** An integer that may turn out not to fit into 64 bits. */
  readonly open: boolean
}

interface PartScope extends Scope {
  readonly before: Stage[]
}

/** MongoDB reads some 180 levels of a stage, those of the stages around it included; a long formula has more. */
const maxDepth = 60

function typed(formula: Formula, scope: PartScope): Part {
  switch (formula.kind) {
    case 'constant': {
      const { type, value } = formula
      return { value: literal(value, type === 'null' ? scope.type : type), type, depth: 2, open: false }
    }
    case 'column': {
      const column = scope.columnOf(formula.name)
      return { value: read(column), type: column.type, depth: 0, open: false }
    }
    case 'negate': {
      const operand = typed(formula.operand, scope)
      if (operand.type === 'null') return operand
      const minus = literal(-1, 'integer')
      return shallow({ ...operand, value: call('$multiply', [minus, operand.value]), open: isInteger(operand) }, scope)
    }
    case 'binary': {
      const [left, right] = [typed(formula.left, scope), typed(formula.right, scope)]
      const type = operationType(formula.operator, left.type, right.type) ?? scope.type
      if (type === 'null') return { value: nothing, type, depth: 2, open: false }
      return shallow(operation(formula.operator, [left, right], type), scope)
    }
  }
}

const operators = { '+': '$add', '-': '$subtract', '*': '$multiply', '/': '$divide', '%': '$mod' } as const

function operation(operator: FormulaOperator, [left, right]: readonly [Part, Part], type: FormulaType): Part {
  const depth = Math.max(left.depth, right.depth)
  if (type === 'text') return { value: call('$concat', [left.value, right.value]), type, depth, open: false }
  if (type === 'integer' && operator !== '%') {
    const value = call(operators[operator], [left.value, right.value])
    return { value, type, depth, open: true }
  }
  const [a, b] = type === 'integer' ? [settled(left), settled(right)] : [double(left), double(right)]
  const divides = operator === '/' || operator === '%'
  const value = divides ? division(operator, a, b) : call(operators[operator], [a, b])
  return { value, type, depth, open: false }
}

/** A division of doubles, or the rest of one: null where the divisor is 0 or infinite, and where one of the two is null. */
export function division(operator: '/' | '%', dividend: Expression, divisor: Expression): Expression {
  const [a, b] = [variable('a0'), variable('b0')]
  const isUndefined = call('$or', [isNull(a), isNull(b), call('$eq', [b, literal(0, 'integer')])])
  return bound({ a0: dividend, b0: finite(divisor) }, choose(isUndefined, nothing, call(operators[operator], [a, b])))
}

function double(part: Part): Expression {
  return isInteger(part) ? call('$toDouble', settled(part)) : part.value
}

/** The value with what did not fit into 64 bits made null. Until then such a value stays a double, whatever is added to it. */
function settled({ value, open }: Part): Expression {
  return open ? fitting(value) : value
}

function isInteger({ type }: Part): boolean {
  return type === 'integer'
}

/** The deepest operation is a division: of `bound`, whose `vars` are its operands, with `$toDouble` and `fitting` around them. */
const operationDepth = 10

function shallow(part: Part, { before, context }: PartScope): Part {
  const depth = part.depth + operationDepth
  if (depth < maxDepth) return { ...part, depth }
  const field = hidden(context)
  before.push({ $set: { [field.id]: part.value } })
  return { ...part, value: read(field), depth: 0 }
}
