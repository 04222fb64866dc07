import type { FormulaConstant, FormulaProblem } from './formula.ts'

export type FormulaToken =
  | FormulaConstant
  | { readonly kind: 'column'; readonly name: string; readonly position: number }
  | { readonly kind: 'symbol'; readonly symbol: string; readonly position: number }
  | { readonly kind: 'end'; readonly position: number }

const number = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const word = /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy
const symbols = '+-*/%()'
const words: ReadonlyMap<string, null | boolean> = new Map([
  ['null', null],
  ['None', null],
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
])

/** The next token at or after `offset`, and where it ends. */
export function nextToken(text: string, offset: number): { token: FormulaToken; end: number } | FormulaProblem {
  let position = offset
  while (/\s/.test(text.charAt(position))) position++
  const char = text.charAt(position)
  if (char === '') return { token: { kind: 'end', position }, end: position }
  if (symbols.includes(char)) return { token: { kind: 'symbol', symbol: char, position }, end: position + 1 }
  if (char === '[') return bracketColumn(text, position)
  if (char === '"' || char === "'") return textLiteral(text, position)
  const digits = /[\d.]/.test(char) ? matchAt(number, text, position) : undefined
  if (digits !== undefined) return numberToken(digits, position)
  const name = matchAt(word, text, position)
  if (name !== undefined) return { token: wordToken(name, position), end: position + name.length }
  const character = String.fromCodePoint(text.codePointAt(position) ?? 0)
  return { message: `"${character}" cannot stand here.`, position }
}

function wordToken(name: string, position: number): FormulaToken {
  const value = words.get(name)
  if (value === undefined) return { kind: 'column', name, position }
  return { kind: 'constant', value, type: value === null ? 'null' : 'boolean', position }
}

/** A copy of the expression, whose place to begin is state. */
function matchAt(expression: RegExp, text: string, offset: number): string | undefined {
  const sticky = new RegExp(expression)
  sticky.lastIndex = offset
  return sticky.exec(text)?.[0]
}

/** Integers that a 64 bit column can hold are exact; everything else is a double. */
function numberToken(digits: string, position: number): { token: FormulaToken; end: number } | FormulaProblem {
  const end = position + digits.length
  const value = Number(digits)
  if (/^\d+$/.test(digits) && BigInt(digits) < 2n ** 63n) {
    const exact = Number.isSafeInteger(value) ? value : BigInt(digits)
    return { token: { kind: 'constant', value: exact, type: 'integer', position }, end }
  }
  if (!Number.isFinite(value)) return { message: 'This number is too large.', position }
  return { token: { kind: 'constant', value, type: 'number', position }, end }
}

/** `[any name]`: everything up to the next `]` is the name; another `[` in it is a mistake. */
function bracketColumn(text: string, position: number): { token: FormulaToken; end: number } | FormulaProblem {
  const close = text.indexOf(']', position)
  if (close < 0) return { message: 'The "[" of a column name is not closed.', position }
  const name = text.slice(position + 1, close)
  const open = name.indexOf('[')
  if (open >= 0) return { message: 'A column name in brackets cannot have a "[".', position: position + 1 + open }
  if (name === '') return { message: 'There is no column name in the brackets.', position }
  return { token: { kind: 'column', name, position }, end: close + 1 }
}

/** `'…'`, `"…"` or three quotes on each side. */
function textLiteral(text: string, position: number): { token: FormulaToken; end: number } | FormulaProblem {
  const quote = text.charAt(position)
  const delimiter = text.startsWith(quote.repeat(3), position) ? quote.repeat(3) : quote
  let value = ''
  let offset = position + delimiter.length
  while (offset < text.length) {
    if (text.startsWith(delimiter, offset)) {
      return { token: { kind: 'constant', value, type: 'text', position }, end: offset + delimiter.length }
    }
    const piece = text.charAt(offset) === '\\' ? escaped(text, offset) : { value: text.charAt(offset), length: 1 }
    value += piece.value
    offset += piece.length
  }
  return { message: 'The text is not closed.', position }
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['\n', ''],
])

/** A backslash before anything else is a backslash. */
function escaped(text: string, offset: number): { value: string; length: number } {
  const code = /^\\(?:x([\da-f]{2})|u([\da-f]{4}))/i.exec(text.slice(offset, offset + 6))
  if (code) return { value: String.fromCharCode(Number.parseInt(code[1] ?? code[2] ?? '', 16)), length: code[0].length }
  const value = escapes.get(text.charAt(offset + 1))
  return value === undefined ? { value: '\\', length: 1 } : { value, length: 2 }
}
