import type { ColumnType } from '../values.ts'
import { captured, capturesOf, isMatched } from './captures.ts'
import { instantOf, inUtc } from './dates.ts'
import {
  bound,
  call,
  choose,
  type Expression,
  finite,
  isNull,
  literal,
  literals,
  nothing,
  variable,
} from './expression.ts'
import { textOf } from './text.ts'

/** A value of one type as another, null where there is none: as `convert` of the SQL dialects says it. */
export function converted(value: Expression, from: ColumnType, to: ColumnType): Expression {
  if (from === to) return value
  if (to === 'text') return textOf(value, from)
  const x = variable('y0')
  return bound({ y0: value }, choose(isNull(x), nothing, conversions[from][to](x)))
}

type Conversion = (value: Expression) => Expression

const never: Conversion = () => nothing
const toLong: Conversion = (value) => call('$toLong', value)
const toDouble: Conversion = (value) => call('$toDouble', value)

/** How a value that is not null becomes one of the inner type. */
const conversions: { readonly [From in ColumnType]: { readonly [To in Exclude<ColumnType, 'text'>]: Conversion } } = {
  integer: { integer: toLong, number: toDouble, boolean: isNotZero, date: instant },
  number: { integer: truncated, number: toDouble, boolean: isNotZero, date: (value) => instant(truncated(value)) },
  text: { integer: readInteger, number: readNumber, boolean: readBoolean, date: readDate },
  boolean: { integer: toLong, number: toDouble, boolean: (value) => value, date: never },
  date: { integer: toLong, number: toDouble, boolean: never, date: (value) => value },
}

function isNotZero(value: Expression): Expression {
  return call('$ne', [value, literal(0, 'integer')])
}

/** A number without its fraction, null where it does not fit into 64 bits. */
export function truncated(value: Expression): Expression {
  return convertOrNull(value, 'long')
}

/** The instant so many milliseconds after 1970, null beyond what a date can hold. */
export function instant(milliseconds: Expression): Expression {
  const m = variable('m0')
  const isHeld = call('$and', [
    call('$gte', [m, literal(-8.64e15, 'integer')]),
    call('$lte', [m, literal(8.64e15, 'integer')]),
  ])
  return bound({ m0: milliseconds }, choose(isHeld, call('$toDate', m), nothing))
}

function convertOrNull(input: Expression, to: 'long' | 'double'): Expression {
  return call('$convert', { input, to: literal(to, 'text'), onError: nothing, onNull: nothing })
}

const blank = '[ \\t\\r\\n]*'

/** The digits before the point are the integer; the zero before them is for `.5`. With an exponent it goes by way of a double. */
function readInteger(text: Expression): Expression {
  const parts = capturesOf(text, { regex: `^${blank}(?:\\+|(-))?([0-9]+|(?=\\.[0-9]))(?:\\.[0-9]*)?${blank}$` })
  const c = variable('c0')
  const sign = call('$ifNull', [captured(c, 0), literal('', 'text')])
  const digits = call('$ifNull', [captured(c, 1), literal('', 'text')])
  const whole = call('$concat', [sign, literal('0', 'text'), digits])
  return bound({ c0: parts }, choose(isMatched(c), convertOrNull(whole, 'long'), truncated(readNumber(text))))
}

function readNumber(text: Expression): Expression {
  const parts = capturesOf(text, {
    regex: `^${blank}(?:\\+|(-))?((?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?)${blank}$`,
  })
  const c = variable('c0')
  const sign = call('$ifNull', [captured(c, 0), literal('', 'text')])
  const number = convertOrNull(call('$concat', [sign, captured(c, 1)]), 'double')
  return bound({ c0: parts }, choose(isMatched(c), finite(number), nothing))
}

function readBoolean(text: Expression): Expression {
  const word = call('$toLower', call('$trim', { input: text, chars: literal(' \t\r\n', 'text') }))
  const w = variable('w0')
  const isTrue = call('$in', [w, literals(['true', '1'], 'text')])
  const isKnown = call('$in', [w, literals(['true', '1', 'false', '0'], 'text')])
  return bound({ w0: word }, choose(isKnown, isTrue, nothing))
}

/** A text that `parseIsoDate` reads. */
function readDate(text: Expression): Expression {
  const day = '([0-9]{4})-([0-9]{2})-([0-9]{2})'
  const offset = '(?:[Zz]|([+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?))?'
  const time = `[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\\.([0-9]{1,9}))?)?${offset}`
  const c = variable('c0')
  const number = (index: number): Expression =>
    call('$toInt', call('$ifNull', [captured(c, index), literal('0', 'text')]))
  const fraction = call('$concat', [call('$ifNull', [captured(c, 6), literal('0', 'text')]), literal('00', 'text')])
  const three = call('$substrCP', [fraction, literal(0, 'integer'), literal(3, 'integer')])
  const local = instantOf({
    year: number(0),
    month: number(1),
    day: number(2),
    hour: number(3),
    minute: number(4),
    second: number(5),
    millisecond: call('$toInt', three),
  })
  const parts = capturesOf(text, { regex: `^${blank}${day}(?:${time})?${blank}$` })
  return bound({ c0: parts }, choose(isMatched(c), inUtc(local, captured(c, 7)), nothing))
}
