import type { FormatPiece } from '../dates/format.ts'
import { isOtherSpecifier, numberSpecifiers, type OtherSpecifier } from '../dates/specifiers.ts'
import { datePart } from './dates.ts'
import { bound, call, choose, type Expression, isNull, literal, literals, nothing, variable } from './expression.ts'

type Writer = (date: Expression) => Expression

const months = 'January,February,March,April,May,June,July,August,September,October,November,December'.split(',')
const weekdays = 'Sunday,Monday,Tuesday,Wednesday,Thursday,Friday,Saturday'.split(',')

const writers: Readonly<Record<OtherSpecifier, Writer>> = {
  y: (date) => padded(call('$mod', [datePart(date, 'year'), integer(100)]), 2),
  I: (date) => padded(hourOfHalf(date), 2),
  p: (date) => choose(call('$lt', [datePart(date, 'hour'), integer(12)]), text('AM'), text('PM')),
  f: (date) => padded(call('$multiply', [datePart(date, 'millisecond'), integer(1000)]), 6),
  w: (date) => padded(call('$subtract', [datePart(date, 'dayOfWeek'), integer(1)]), 1),
  z: () => text('+0000'),
  Z: () => text('UTC'),
  b: (date) => named(months.map(short), datePart(date, 'month')),
  h: (date) => named(months.map(short), datePart(date, 'month')),
  B: (date) => named(months, datePart(date, 'month')),
  a: (date) => named(weekdays.map(short), datePart(date, 'dayOfWeek')),
  A: (date) => named(weekdays, datePart(date, 'dayOfWeek')),
}

/** A date as text, as `writeDateSql` writes it; null for null. */
export function writeDate(date: Expression, pieces: readonly FormatPiece[]): Expression {
  const d = variable('w0')
  const texts = pieces.map((piece) => ('text' in piece ? text(piece.text) : written(d, piece.specifier)))
  return bound({ w0: date }, choose(isNull(d), nothing, call('$concat', texts)))
}

/** Numbers not by `$dateToString`, which refuses some years. */
function written(date: Expression, specifier: string): Expression {
  const bare = specifier.replace('-', '')
  if (isOtherSpecifier(bare)) return writers[bare](date)
  const number = numberSpecifiers.get(bare)
  if (!number) return text('')
  const value = datePart(date, number.part)
  return bare === specifier ? padded(value, number.width) : call('$toString', value)
}

/** An integer of 0 or more as text, with zeros before it up to this width and never cut. */
function padded(number: Expression, width: number): Expression {
  const n = variable('n0')
  const lacking = call('$max', [call('$subtract', [integer(width), call('$strLenCP', n)]), integer(0)])
  const zeros = call('$substrCP', [text('0'.repeat(width)), integer(0), lacking])
  return bound({ n0: call('$toString', number) }, call('$concat', [zeros, n]))
}

function hourOfHalf(date: Expression): Expression {
  const hour = call('$mod', [call('$add', [datePart(date, 'hour'), integer(11)]), integer(12)])
  return call('$add', [hour, integer(1)])
}

function named(names: readonly string[], number: Expression): Expression {
  return call('$arrayElemAt', [literals(names, 'text'), call('$subtract', [number, integer(1)])])
}

function short(name: string): string {
  return name.slice(0, 3)
}

function text(value: string): Expression {
  return literal(value, 'text')
}

function integer(value: number): Expression {
  return literal(value, 'integer')
}
