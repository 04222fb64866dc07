import { type FormatPiece, type FormatProblem, readFormat } from './format.ts'

/**
 * What a group of a pattern holds: digits, but for `monthName`, `half` (a or p) and `offset` (`+02`, `+0200` or `+02:00`). `hour` may be
 * of 12 or of 24, `anyYear` have two digits or four. `monthFirst` is the day, and `daySecond` the month, when it is no month.
 */
export type DateGroup =
  | 'year'
  | 'shortYear'
  | 'anyYear'
  | 'month'
  | 'monthName'
  | 'day'
  | 'monthFirst'
  | 'daySecond'
  | 'hour'
  | 'minute'
  | 'second'
  | 'fraction'
  | 'half'
  | 'offset'

/**
 * One way to read a date: a regular expression for the whole text without the spaces around, and what its groups (at most nine) hold,
 * in their order. It uses nothing that RE2, PCRE and Postgres read in different ways.
 */
export interface DateReading {
  readonly pattern: string
  readonly groups: readonly DateGroup[]
  /** Those of the groups that may match nothing. */
  readonly optional: ReadonlySet<DateGroup>
  /** Nothing that a person wrote is in it, but for separators. */
  readonly ours: boolean
}

/** Also the spaces that French texts have. */
const space = '[\\s\u00a0\u202f]'
/** Also with accents that are characters of their own. */
const letter = '[a-zA-ZÀ-ÖØ-öø-ÿ\u0301\u0302]'

const year = group('year', '[0-9]{4}')
const shortYear = group('shortYear', '[0-9]{2}')
const month = group('month', '[0-9]{1,2}')
const monthName = group('monthName', `${letter}{3,10}`)
const day = group('day', '[0-9]{1,2}')
const hour = group('hour', '[0-9]{1,2}')
const hour12 = group('hour', '1[0-2]|0?[1-9]')
const minute = group('minute', '[0-9]{1,2}')
const second = group('second', '[0-9]{1,2}')
const fraction = group('fraction', '[0-9]{1,9}')
const half = sequence(group('half', '[ap]'), '\\.?m\\.?')
const weekday = `${letter}{2,9}\\.?`
const utc = '(?:z|utc|gmt)'
const ahead = group('offset', '[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?')
const offset: DateReading = { ...sequence(`(?:${utc}|`, ahead, ')'), optional: new Set(['offset']) }

/** What can be read, by the specifiers of strftime and, where those mean something else or nothing, of MySQL: `%k`, `%i`, `%s`. */
const specifiers: ReadonlyMap<string, string | DateReading> = new Map<string, string | DateReading>([
  ['Y', year],
  ['y', shortYear],
  ['m', month],
  ['-m', month],
  ['b', sequence(monthName, '\\.?')],
  ['h', sequence(monthName, '\\.?')],
  ['B', sequence(monthName, '\\.?')],
  ['d', day],
  ['-d', day],
  ['e', sequence(`${space}*`, day)],
  ['a', weekday],
  ['A', weekday],
  ['H', hour],
  ['-H', hour],
  ['k', sequence(`${space}*`, hour)],
  ['I', hour12],
  ['-I', hour12],
  ['p', half],
  ['M', minute],
  ['-M', minute],
  ['i', minute],
  ['S', second],
  ['-S', second],
  ['s', second],
  ['f', fraction],
  ['z', offset],
  ['Z', utc],
])

/** Words of the formats of SQL databases, for a format without any percent sign. */
const words: Readonly<Record<string, string>> = {
  YYYY: 'Y',
  YY: 'y',
  MONTH: 'B',
  MON: 'b',
  MM: 'm',
  DD: 'd',
  HH24: 'H',
  HH12: 'I',
  HH: 'H',
  MI: 'M',
  SS: 'S',
  MS: 'f',
}

/**
 * What a format of strftime accepts: numbers without their zero too, month names in English and French, whole or short, in small and
 * capital letters, spaces around and as many as one likes where there is one.
 */
export function readingOf(format: string): { readonly reading: DateReading } | { readonly problem: FormatProblem } {
  const read = format.includes('%') ? readFormat(format, new Set(specifiers.keys())) : { pieces: readWords(format) }
  if ('problem' in read) return read
  const seen = new Set<string>()
  for (const piece of read.pieces) {
    if ('text' in piece) continue
    for (const kind of kindsOf(specifiers.get(piece.specifier))) {
      if (seen.has(kind))
        return { problem: { message: `The ${kind} stands in the format twice.`, position: piece.position } }
      seen.add(kind)
    }
  }
  if ([...seen].every((kind) => kind === 'half' || kind === 'offset'))
    return { problem: { message: 'There is no part of a date in the format.', position: 0 } }
  return {
    reading: whole(
      ...read.pieces.map((piece) => ('text' in piece ? literal(piece.text) : (specifiers.get(piece.specifier) ?? ''))),
    ),
  }
}

const between = '[-/.]'
const twoDigits = '[0-9]{2}'
const time = optional(
  `(?:t|,?${space}+)`,
  hour,
  ':',
  group('minute', twoDigits),
  optional(':', group('second', twoDigits), optional('[.,]', fraction)),
  `${space}*`,
  optional(half, `${space}*`),
  optional(offset),
)
const anyYear = group('anyYear', `${twoDigits}(?:${twoDigits})?`)
const ordinal = '(?:st|nd|rd|th|er)?'
const nearName = '[-/.,\\s\u00a0\u202f]+'

/**
 * The ways to read a date without a format: the year first, or the month, or, where that is no month, the day. No text fits two of them.
 * At each character there is only one way to go on in them, which is what makes RE2 fast.
 */
export const guesses: readonly DateReading[] = [
  whole(year, optional(between, month, optional(between, day, time))),
  whole(year, group('month', twoDigits), group('day', twoDigits), time),
  whole(group('monthFirst', '[0-9]{1,2}'), between, group('daySecond', '[0-9]{1,2}'), between, anyYear, time),
  whole(month, between, year),
  whole(`(?:${letter}+${nearName})?`, day, ordinal, nearName, monthName, nearName, year, time),
  whole(monthName, nearName, year),
  whole(monthName, nearName, day, ordinal, nearName, year, time),
]

function readWords(format: string): FormatPiece[] {
  const found = format.matchAll(/YYYY|YY|MONTH|MON|MM|DD|HH24|HH12|HH|MI|SS|MS|[\s\S]/giu)
  return [...found].map(({ 0: word, index }) => {
    const specifier = words[word.toUpperCase()]
    return specifier === undefined ? { text: word } : { specifier, position: index }
  })
}

function kindsOf(part: string | DateReading | undefined): string[] {
  const kinds: Partial<Record<DateGroup, string>> = { shortYear: 'year', monthName: 'month' }
  return part === undefined || typeof part === 'string' ? [] : part.groups.map((name) => kinds[name] ?? name)
}

/** Text of a format: spaces stand for as many as one likes, everything else for itself. */
function literal(text: string): DateReading {
  const pattern = text
    .split(/[\s\u00a0\u202f]+/u)
    .map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join(`${space}+`)
  return { pattern, groups: [], optional: new Set(), ours: /^[\s\u00a0\u202f/.,:;_TZ-]*$/u.test(text) }
}

function group(name: DateGroup, pattern: string): DateReading {
  return { pattern: `(${pattern})`, groups: [name], optional: new Set(), ours: true }
}

function sequence(...parts: readonly (string | DateReading)[]): DateReading {
  const readings = parts.filter((part) => typeof part !== 'string')
  return {
    pattern: parts.map((part) => (typeof part === 'string' ? part : part.pattern)).join(''),
    groups: readings.flatMap(({ groups }) => groups),
    optional: new Set(readings.flatMap(({ optional }) => [...optional])),
    ours: readings.every(({ ours }) => ours),
  }
}

function optional(...parts: readonly (string | DateReading)[]): DateReading {
  const { pattern, groups, ours } = sequence(...parts)
  return { pattern: `(?:${pattern})?`, groups, optional: new Set(groups), ours }
}

function whole(...parts: readonly (string | DateReading)[]): DateReading {
  return sequence('(?i)^', ...parts, '$')
}
