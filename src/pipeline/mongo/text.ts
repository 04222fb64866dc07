import type { ColumnType } from '../values.ts'
import {
  bound,
  call,
  choose,
  type Expression,
  isNull,
  item,
  literal,
  nothing,
  orNull,
  soFar,
  variable,
} from './expression.ts'

/** A value as text, as `textOf` of SQL dialects says it. Null gives null. */
export function textOf(value: Expression, type: ColumnType): Expression {
  switch (type) {
    case 'text':
      return value
    case 'date':
      return dateText(value)
    case 'number':
      return numberText(value)
    default:
      return call('$toString', value)
  }
}

/** A value of one type as another that all of its values fit: numbers for integers, texts for everything. */
export function widenedValue(value: Expression, { from, to }: { from: ColumnType; to: ColumnType }): Expression {
  if (from === to) return value
  return to === 'number' ? call('$toDouble', value) : textOf(value, from)
}

/**
 * MongoDB writes doubles with 16 digits, and with an exponent from 1e16 on and below 0.0001. Whole numbers up to 2^63 are written as
 * integers, so that they have all their digits.
 */
function numberText(value: Expression): Expression {
  const x = variable('x0')
  const isWhole = call('$and', [
    call('$eq', [call('$trunc', [x, literal(0, 'integer')]), x]),
    call('$lt', [call('$abs', x), literal(2 ** 53, 'number')]),
  ])
  const text = choose(isWhole, call('$toString', call('$toLong', x)), call('$toString', x))
  return bound({ x0: value }, choose(isNull(x), nothing, text))
}

/** The day alone at midnight, milliseconds only where there are some. Years that have not four digits have no text here. */
function dateText(value: Expression): Expression {
  const x = variable('x0')
  const as = (format: string): Expression => call('$dateToString', { date: x, format: literal(format, 'text') })
  const remainder = (milliseconds: number): Expression =>
    call('$mod', [call('$toLong', x), literal(milliseconds, 'integer')])
  const zero = literal(0, 'integer')
  const isMidnight = call('$eq', [remainder(86_400_000), zero])
  const isWholeSecond = call('$eq', [remainder(1000), zero])
  const withTime = choose(isWholeSecond, as('%Y-%m-%d %H:%M:%S'), as('%Y-%m-%d %H:%M:%S.%L'))
  const year = call('$year', x)
  const isWritten = call('$and', [call('$gte', [year, zero]), call('$lte', [year, literal(9999, 'integer')])])
  const text = choose(isWritten, choose(isMidnight, as('%Y-%m-%d'), withTime), nothing)
  return bound({ x0: value }, choose(isNull(x), nothing, text))
}

/** One text, with the separator between those that are not null; without any it is the empty text. */
export function joinTexts(texts: readonly Expression[], separator: Expression): Expression {
  const present = call('$filter', { input: texts.map(orNull), cond: call('$not', [isNull(item)]) })
  const longer = choose(isNull(soFar), item, call('$concat', [soFar, separator, item]))
  const joined = call('$reduce', { input: present, initialValue: nothing, in: longer })
  return call('$ifNull', [joined, literal('', 'text')])
}
