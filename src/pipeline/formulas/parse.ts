import type { Formula, FormulaConstant, FormulaOperator, FormulaProblem } from './formula.ts'
import { type FormulaToken, nextToken } from './tokens.ts'

const maxFormulaLength = 10_000
/** A chain of additions nests as deep as it is long. Databases take more than proportional time to plan what nests deeper. */
const maxFormulaDepth = 100

export type ParsedFormula = { readonly formula: Formula } | { readonly problem: FormulaProblem }

/** A part that has been read, where it ends, and how deep its tree is. */
interface Part {
  readonly formula: Formula
  readonly end: number
  readonly depth: number
}

type Read = Part | FormulaProblem

/**
 * Reads a formula: `+ - * / %` with the usual precedence, brackets, signs, numbers, texts, `true`, `false`, `null`, and columns by
 * their name or, whatever it contains, as `[name]`. The problem has the position of the first character that makes no sense.
 */
export function parseFormula(text: string): ParsedFormula {
  if (text.length > maxFormulaLength) {
    return { problem: { message: `A formula has at most ${maxFormulaLength} characters.`, position: maxFormulaLength } }
  }
  const read = readSum(text, 0, 0)
  if ('message' in read) return { problem: read }
  const next = nextToken(text, read.end)
  if ('message' in next) return { problem: next }
  if (next.token.kind !== 'end')
    return { problem: { message: 'An operator is missing here.', position: next.token.position } }
  return { formula: read.formula }
}

const sums: ReadonlySet<string> = new Set(['+', '-'])
const products: ReadonlySet<string> = new Set(['*', '/', '%'])

function readSum(text: string, offset: number, level: number): Read {
  return readChain(text, offset, { operators: sums, operand: (start) => readProduct(text, start, level) })
}

function readProduct(text: string, offset: number, level: number): Read {
  return readChain(text, offset, { operators: products, operand: (start) => readSigned(text, start, level) })
}

interface Chain {
  readonly operators: ReadonlySet<string>
  readonly operand: (start: number) => Read
}

/** Operands with operators of one precedence between them, from the left. */
function readChain(text: string, offset: number, { operators, operand }: Chain): Read {
  let left = operand(offset)
  for (;;) {
    if ('message' in left) return left
    const next = nextToken(text, left.end)
    if ('message' in next) return next
    const { token } = next
    if (token.kind !== 'symbol' || !operators.has(token.symbol)) return left
    const doubled = text.startsWith(token.symbol, next.end) && (token.symbol === '*' || token.symbol === '/')
    if (doubled) return { message: `"${token.symbol.repeat(2)}" is not an operator here.`, position: token.position }
    const right = operand(next.end)
    if ('message' in right) return right
    const depth = Math.max(left.depth, right.depth) + 1
    if (depth > maxFormulaDepth) return tooDeep(token.position)
    const operator = token.symbol as FormulaOperator
    left = {
      formula: { kind: 'binary', operator, left: left.formula, right: right.formula, position: token.position },
      end: right.end,
      depth,
    }
  }
}

function readSigned(text: string, offset: number, level: number): Read {
  if (level > maxFormulaDepth) return tooDeep(offset)
  const next = nextToken(text, offset)
  if ('message' in next) return next
  const { token, end } = next
  if (token.kind !== 'symbol' || (token.symbol !== '-' && token.symbol !== '+')) return readOperand(text, next, level)
  const read = readSigned(text, end, level + 1)
  if ('message' in read) return read
  const { formula } = read
  if (formula.kind === 'constant' && (formula.type === 'text' || formula.type === 'boolean')) {
    return { message: `"${token.symbol}" needs a number.`, position: token.position }
  }
  if (token.symbol === '+') return read
  return {
    formula: { kind: 'negate', operand: formula, position: token.position },
    end: read.end,
    depth: read.depth + 1,
  }
}

function readOperand(text: string, { token, end }: { token: FormulaToken; end: number }, level: number): Read {
  if (token.kind === 'constant' && token.type === 'text') return readTexts(text, { first: token, end })
  if (token.kind === 'constant' || token.kind === 'column') return { formula: token, end, depth: 1 }
  if (token.kind === 'end')
    return { message: 'The formula ends where a value should follow.', position: token.position }
  if (token.symbol !== '(')
    return { message: `A value should stand before "${token.symbol}".`, position: token.position }
  const inner = readSum(text, end, level + 1)
  if ('message' in inner) return inner
  const close = nextToken(text, inner.end)
  if ('message' in close) return close
  if (close.token.kind === 'symbol' && close.token.symbol === ')') return { ...inner, end: close.end }
  if (close.token.kind === 'end') return { message: 'The "(" is not closed.', position: token.position }
  return { message: 'An operator or ")" is missing here.', position: close.token.position }
}

/** Text literals next to each other are one text. */
function readTexts(text: string, { first, end }: { first: FormulaConstant; end: number }): Read {
  let value = String(first.value)
  let offset = end
  for (;;) {
    const next = nextToken(text, offset)
    if ('message' in next) return next
    if (next.token.kind !== 'constant' || next.token.type !== 'text') break
    value += String(next.token.value)
    offset = next.end
  }
  return { formula: { ...first, value }, end: offset, depth: 1 }
}

function tooDeep(position: number): FormulaProblem {
  return { message: `A formula nests at most ${maxFormulaDepth} levels deep.`, position }
}
