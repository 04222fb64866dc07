import {
  anyCharacter,
  type Characters,
  characters,
  foldCase,
  newline,
  perlClasses,
  posixClasses,
  type Range,
  unicodeClass,
  without,
} from './characters.ts'
import { type Assertion, isAssertion, type Pattern } from './pattern.ts'

/** A place in an expression, with the flags that hold there. */
interface Cursor {
  readonly text: string
  offset: number
  flags: Flags
}

interface Flags {
  readonly ignoreCase: boolean
  readonly lines: boolean
  readonly dotAll: boolean
}

/** Reads an RE2 expression that has been found valid. */
export function parsePattern(text: string): Pattern {
  return readChoice({ text, offset: 0, flags: { ignoreCase: false, lines: false, dotAll: false } })
}

function readChoice(cursor: Cursor): Pattern {
  const branches: Pattern[] = [readSequence(cursor)]
  while (take(cursor, '|')) branches.push(readSequence(cursor))
  const [only, second] = branches
  return only && !second ? only : { kind: 'choice', branches }
}

function readSequence(cursor: Cursor): Pattern {
  const parts: Pattern[] = []
  while (cursor.offset < cursor.text.length && !/[|)]/.test(charAt(cursor))) {
    const quoted = takeMatch(cursor, /\\Q([\s\S]*?)(?:\\E|$)/y)
    if (quoted) parts.push(...[...(quoted[1] ?? '')].map((char) => literal(char, cursor.flags)))
    else if (!takeMatch(cursor, /\\E/y) && !takeFlags(cursor)) parts.push(readPart(cursor))
    // What has no part of its own, such as a flag, leaves a repetition to the part before.
    const last = parts.pop()
    if (last) parts.push(readRepeats(cursor, last))
  }
  return { kind: 'sequence', parts }
}

function readRepeats(cursor: Cursor, first: Pattern): Pattern {
  let part = first
  for (;;) {
    const match = takeMatch(cursor, /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/y)
    if (!match) return part
    const [, sign, least = '', comma, most = ''] = match
    if (sign) part = repeat(part, sign === '+' ? 1 : 0, sign === '?' ? 1 : null)
    else part = repeat(part, Number(least), comma ? (most === '' ? null : Number(most)) : Number(least))
  }
}

function repeat(part: Pattern, least: number, most: number | null): Pattern {
  if (isAssertion(part)) return least === 0 ? { kind: 'sequence', parts: [] } : part
  return { kind: 'repeat', part, least, most }
}

function readPart(cursor: Cursor): Pattern {
  const { flags } = cursor
  const char = charAt(cursor)
  if (char === '\\') return readEscape(cursor)
  if (char === '[') return { kind: 'character', set: folded(readClass(cursor), flags) }
  if (char === '(') return readGroup(cursor)
  cursor.offset += char.length
  if (char === '.') return { kind: 'character', set: flags.dotAll ? anyCharacter : without(newline) }
  if (char === '^') return assertion(flags.lines ? 'line start' : 'text start')
  if (char === '$') return assertion(flags.lines ? 'line end' : 'text end')
  return literal(char, flags)
}

function readGroup(cursor: Cursor): Pattern {
  const outside = cursor.flags
  cursor.offset++
  const named = takeMatch(cursor, /\?P?<\w+>/y)
  const options = named ? undefined : takeMatch(cursor, /\?([imsU]*)(?:-([imsU]+))?:/y)
  if (options) cursor.flags = changed(outside, options)
  const inner = readChoice(cursor)
  take(cursor, ')')
  cursor.flags = outside
  return inner
}

/** `(?i)`: from here to the end of the group that it stands in. */
function takeFlags(cursor: Cursor): boolean {
  const options = takeMatch(cursor, /\(\?([imsU]*)(?:-([imsU]+))?\)/y)
  if (options) cursor.flags = changed(cursor.flags, options)
  return options !== undefined
}

function changed(flags: Flags, [, on = '', off = '']: readonly (string | undefined)[]): Flags {
  const value = (letter: string, before: boolean): boolean => (on.includes(letter) || before) && !off.includes(letter)
  return {
    ignoreCase: value('i', flags.ignoreCase),
    lines: value('m', flags.lines),
    dotAll: value('s', flags.dotAll),
  }
}

const assertions: ReadonlyMap<string, Assertion> = new Map([
  ['A', 'text start'],
  ['z', 'text end'],
  ['b', 'word boundary'],
  ['B', 'no word boundary'],
])

function readEscape(cursor: Cursor): Pattern {
  const known = assertions.get(cursor.text.charAt(cursor.offset + 1))
  if (known) {
    cursor.offset += 2
    return assertion(known)
  }
  return { kind: 'character', set: folded(readEscaped(cursor), cursor.flags) }
}

/** A backslash and what belongs to it, inside or outside of brackets. */
function readEscaped(cursor: Cursor): Characters {
  const property = takeMatch(cursor, /\\([pP])(?:\{(\^?)([^}]*)\}|([A-Z]))/y)
  if (property) {
    const [, letter, caret, name = '', short] = property
    const set = unicodeClass(short ?? name)
    return (letter === 'P') !== (caret === '^') ? without(set) : set
  }
  const perl = takeMatch(cursor, /\\([dsw])/iy)?.[1]
  if (perl !== undefined) {
    const set = perlClasses.get(perl.toLowerCase()) ?? []
    return perl === perl.toLowerCase() ? set : without(set)
  }
  const point = escapedPoint(cursor)
  return characters([[point, point]])
}

const controls: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
])

function escapedPoint(cursor: Cursor): number {
  const hex = takeMatch(cursor, /\\x(?:\{([\da-f]+)\}|([\da-f]{2}))/iy)
  if (hex) return Number.parseInt(hex[1] ?? hex[2] ?? '', 16)
  const octal = takeMatch(cursor, /\\([0-7]{1,3})/y)?.[1]
  if (octal !== undefined) return Number.parseInt(octal, 8)
  cursor.offset++
  const char = charAt(cursor)
  cursor.offset += char.length
  return controls.get(char) ?? char.codePointAt(0) ?? 0
}

function readClass(cursor: Cursor): Characters {
  cursor.offset++
  const isNegated = take(cursor, '^')
  const ranges: Range[] = []
  for (let isFirst = true; isFirst || charAt(cursor) !== ']'; isFirst = false) {
    const posix = takeMatch(cursor, /\[:(\^?)(\w+):\]/y)
    if (posix) {
      const set = posixClasses.get(posix[2] ?? '') ?? []
      ranges.push(...(posix[1] ? without(set) : set))
    } else ranges.push(...readMember(cursor))
  }
  cursor.offset++
  const set = folded(characters(ranges), cursor.flags)
  return isNegated ? without(set) : set
}

/** A class, a character, or a range of them. */
function readMember(cursor: Cursor): Characters {
  const from = readClassPart(cursor)
  const range = cursor.text.slice(cursor.offset, cursor.offset + 2)
  const first = from[0]?.[0]
  if (range.charAt(0) !== '-' || range === '-]' || from.length !== 1 || first === undefined || first !== from[0]?.[1])
    return from
  cursor.offset++
  const to = readClassPart(cursor)
  return characters([[first, to[0]?.[1] ?? first]])
}

function readClassPart(cursor: Cursor): Characters {
  if (charAt(cursor) === '\\') return readEscaped(cursor)
  const char = charAt(cursor)
  cursor.offset += char.length
  const point = char.codePointAt(0) ?? 0
  return [[point, point]]
}

function folded(set: Characters, { ignoreCase }: Flags): Characters {
  return ignoreCase ? foldCase(set) : set
}

function literal(char: string, flags: Flags): Pattern {
  const point = char.codePointAt(0) ?? 0
  return { kind: 'character', set: folded(characters([[point, point]]), flags) }
}

function assertion(which: Assertion): Pattern {
  return { kind: 'assertion', assertion: which }
}

function charAt({ text, offset }: Cursor): string {
  const point = text.codePointAt(offset)
  return point === undefined ? '' : String.fromCodePoint(point)
}

function take(cursor: Cursor, char: string): boolean {
  if (charAt(cursor) !== char) return false
  cursor.offset += char.length
  return true
}

function takeMatch(cursor: Cursor, expression: RegExp): RegExpExecArray | undefined {
  const sticky = new RegExp(expression)
  sticky.lastIndex = cursor.offset
  const match = sticky.exec(cursor.text) ?? undefined
  if (match) cursor.offset += match[0].length
  return match
}
