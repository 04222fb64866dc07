import type { DatePart } from '../sql/functions/dates.ts'

/** A part of a date that is written as a number, with the digits that it has at least. */
interface NumberSpecifier {
  readonly part: DatePart
  readonly width: number
}

/** Specifiers of strftime that write a part of a date as a number. */
export const numberSpecifiers: ReadonlyMap<string, NumberSpecifier> = new Map([
  ['Y', { part: 'year', width: 4 }],
  ['m', { part: 'month', width: 2 }],
  ['d', { part: 'day', width: 2 }],
  ['H', { part: 'hour', width: 2 }],
  ['M', { part: 'minute', width: 2 }],
  ['S', { part: 'second', width: 2 }],
  ['L', { part: 'millisecond', width: 3 }],
  ['j', { part: 'dayOfYear', width: 3 }],
  ['U', { part: 'week', width: 2 }],
  ['V', { part: 'isoWeek', width: 2 }],
  ['G', { part: 'isoYear', width: 4 }],
  ['u', { part: 'isoDayOfWeek', width: 1 }],
])

/** The others: each target says how it writes them. Names are English whatever the language of the database. */
const others = ['y', 'I', 'p', 'f', 'w', 'z', 'Z', 'b', 'h', 'B', 'a', 'A'] as const
export type OtherSpecifier = (typeof others)[number]

export function isOtherSpecifier(specifier: string): specifier is OtherSpecifier {
  return others.some((other) => other === specifier)
}

/** What `fromdate` can write, in the letters of strftime; `%-d` is a number without zeros before it, `%L` the milliseconds. */
export const writtenSpecifiers: ReadonlySet<string> = new Set([
  ...[...numberSpecifiers.keys()].flatMap((specifier) => [specifier, `-${specifier}`]),
  ...others,
])
