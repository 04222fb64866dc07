import { monthWords } from '../dates/month-words.ts'
import { type DateGroup, type DateReading, guesses } from '../dates/reading.ts'
import { whitespace } from '../sql/functions/text.ts'
import { captured, capturesOf, isMatched } from './captures.ts'
import { after, hidden, type MongoContext } from './context.ts'
import { instantOf, inUtc } from './dates.ts'
import {
  call,
  choose,
  type Expression,
  firstThat,
  isNull,
  literal,
  literals,
  nothing,
  orNull,
  read,
} from './expression.ts'
import type { MongoColumn, MongoRelation } from './relation.ts'
import type { Stage } from './stage.ts'

/** The columns that `findDatesOrTexts` accepted, as dates: texts are read as `todate` reads them without a format. */
export function datesOf(
  columns: readonly MongoColumn[],
  input: MongoRelation,
  context: MongoContext,
): { readonly dates: readonly MongoColumn[]; readonly rows: MongoRelation } {
  let rows = input
  const dates = columns.map((column) => {
    if (column.type === 'date') return column
    const date = context.fresh({ name: column.name, type: 'date' })
    const { before, value } = readDates(read(column), guesses, context)
    rows = after(rows, ...before, { $set: { [date.id]: value } })
    return date
  })
  return { dates, rows }
}

/**
 * The instant that a text says in one of these ways, of which no two fit the same text, after some stages; null when none does.
 */
export function readDates(
  text: Expression,
  readings: readonly DateReading[],
  context: MongoContext,
): { readonly before: readonly Stage[]; readonly value: Expression } {
  const trimmed = hidden(context)
  const tried = readings.map((reading) => ({ reading, captures: hidden(context) }))
  const found = tried.map(({ reading, captures }) => {
    const pattern = { regex: spelled(reading), options: 'i' } as const
    return [captures.id, capturesOf(read(trimmed), pattern)] as const
  })
  return {
    before: [
      { $set: { [trimmed.id]: call('$trim', { input: text, chars: literal(whitespace, 'text') }) } },
      { $set: Object.fromEntries(found) },
    ],
    value: instantSaid(tried),
  }
}

/** An expression without its flag, with the spaces of RE2, which others have more of (`\s` stands in brackets only), and without NUL. */
function spelled({ pattern }: DateReading): string {
  const spaces = ' \\t\\n\\f\\r'
  return pattern
    .replace('(?i)', '')
    .replaceAll(/\\(.)/gs, (found, escaped: string) => (escaped === 's' ? spaces : found))
    .replaceAll('\0', '\\x00')
}

interface Tried {
  readonly reading: DateReading
  readonly captures: MongoColumn
}

/** Parts that no reading knows are those of 1 January 1900 at midnight, as strptime has it. */
function instantSaid(tried: readonly Tried[]): Expression {
  const said = (name: DateGroup): Expression | undefined => {
    const found = tried.flatMap(({ reading, captures }) => {
      const group = reading.groups.indexOf(name)
      return group < 0 ? [] : [captured(read(captures), group)]
    })
    return found.length > 0 ? call('$ifNull', [...found, nothing]) : undefined
  }
  const number = (name: DateGroup): Expression | undefined => {
    const text = said(name)
    return text && call('$toInt', text)
  }
  const numberOr = (name: DateGroup, otherwise: number): Expression =>
    call('$ifNull', [number(name) ?? nothing, integer(otherwise)])
  const [first, second] = [number('monthFirst'), number('daySecond')]
  const either = first && second && { first, second }
  const month = call('$ifNull', [number('month') ?? nothing, either ? monthOf(either) : integer(1)])
  const named = said('monthName')
  const instant = instantOf({
    year: yearOf(number('year'), number('shortYear') ?? number('anyYear')),
    month: named ? choose(isNull(named), month, monthNamed(named)) : month,
    day: call('$ifNull', [number('day') ?? nothing, either ? dayOf(either) : integer(1)]),
    hour: hourOf(numberOr('hour', 0), said('half')),
    minute: numberOr('minute', 0),
    second: numberOr('second', 0),
    millisecond: millisecondOf(said('fraction')),
  })
  const offset = said('offset')
  const isRead = call(
    '$or',
    tried.map(({ captures }) => isMatched(read(captures))),
  )
  return choose(isRead, offset ? inUtc(instant, offset) : instant, nothing)
}

/** Years of two digits are those from 1969 to 2068, as strptime has it. There is no year 0. */
function yearOf(full: Expression | undefined, short: Expression | undefined): Expression {
  const known = full && choose(call('$eq', [full, integer(0)]), nothing, orNull(full))
  if (!short) return known ?? integer(1900)
  const year = firstThat(
    [
      [isNull(short), nothing],
      [call('$lt', [short, integer(69)]), call('$add', [short, integer(2000)])],
      [call('$lt', [short, integer(100)]), call('$add', [short, integer(1900)])],
    ],
    short,
  )
  return known ? call('$ifNull', [known, year]) : year
}

/** Two numbers of which the first is the month, unless it is none; without them, in a text of another kind, 1. */
interface Either {
  readonly first: Expression
  readonly second: Expression
}

function monthOf({ first, second }: Either): Expression {
  return choose(call('$gt', [first, integer(12)]), second, call('$ifNull', [first, integer(1)]))
}

function dayOf({ first, second }: Either): Expression {
  return choose(call('$gt', [first, integer(12)]), first, call('$ifNull', [second, integer(1)]))
}

/** All names, in rows of twelve. */
const words = monthWords.split(',')

/** `$toLower` knows only the letters of ASCII. */
const accents = [
  ['É', 'é'],
  ['Û', 'û'],
] as const

/** A month by its name, null for a name that is none. */
function monthNamed(name: Expression): Expression {
  const small = accents.reduce(
    (text, [find, replacement]) =>
      call('$replaceAll', {
        input: text,
        find: literal(find, 'text'),
        replacement: literal(replacement, 'text'),
      }),
    call('$toLower', name),
  )
  const months = words.map((_, index) => (index % 12) + 1)
  const place = call('$indexOfArray', [literals(words, 'text'), small])
  // The last item for a name that is none.
  return call('$arrayElemAt', [literals([...months, 0], 'integer'), place])
}

function hourOf(hour: Expression, half: Expression | undefined): Expression {
  if (!half) return hour
  const isHalf = (letters: readonly string[]): Expression => call('$in', [orNull(half), literals(letters, 'text')])
  return firstThat(
    [
      [call('$and', [isHalf(['p', 'P']), call('$lt', [hour, integer(12)])]), call('$add', [hour, integer(12)])],
      [call('$and', [isHalf(['a', 'A']), call('$eq', [hour, integer(12)])]), integer(0)],
    ],
    hour,
  )
}

function millisecondOf(fraction: Expression | undefined): Expression {
  if (!fraction) return integer(0)
  const three = slice(call('$concat', [fraction, literal('00', 'text')]), 0, 3)
  return choose(isNull(fraction), integer(0), call('$toInt', three))
}

function slice(text: Expression, from: number, count: number): Expression {
  return call('$substrCP', [text, integer(from), integer(count)])
}

function integer(value: number): Expression {
  return literal(value, 'integer')
}
