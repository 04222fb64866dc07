import { classFor } from './pattern-class.ts'
import { type Flags, flagsIn, noFlags, perlClass, readEscape, verbatim } from './pattern-escapes.ts'

/** How much of the pattern one piece takes, and what it becomes. */
interface Piece {
  readonly text: string
  readonly end: number
}

/** An expression for `$regex` and `$regexMatch`, and whether the letters' case does not matter in all of it. */
export interface MongoPattern {
  readonly regex: string
  readonly fold: boolean
}

/**
 * An RE2 expression for MongoDB, whose PCRE reads some of it otherwise: `$` before a last line break, `^` after one, `\s`, `\v`, octal
 * numbers. What differs is written out so that there is only one way to read it; groups capture nothing. The expression has been
 * checked (`patternProblem`).
 */
export function patternFor(pattern: string): MongoPattern {
  const reader: Reader = { pattern, flags: noFlags, outer: [] }
  let regex = ''
  const leading = leadingFlags.exec(pattern)
  reader.flags = flagsIn(noFlags, leading?.[1] ?? '')
  const { fold } = reader.flags
  for (let offset = leading?.[0].length ?? 0; offset < pattern.length; ) {
    const piece = readGroup(reader, offset) ?? readPiece(reader, offset)
    regex += piece.text
    offset = piece.end
  }
  return { regex, fold }
}

interface Reader {
  readonly pattern: string
  flags: Flags
  /** The flags around each of the groups that are open. */
  readonly outer: Flags[]
}

/** The beginning or the end of a group. MongoDB has to be told about case only; what other flags change is written out. */
function readGroup(reader: Reader, offset: number): Piece | undefined {
  const { pattern, flags, outer } = reader
  if (pattern[offset] === ')') {
    reader.flags = outer.pop() ?? flags
    return { text: ')', end: offset + 1 }
  }
  const group = groupStart.exec(pattern.slice(offset))
  if (!group) return undefined
  const end = offset + group[0].length
  reader.flags = flagsIn(flags, group[1] ?? '')
  const fold = reader.flags.fold === flags.fold ? '' : reader.flags.fold ? 'i' : '-i'
  if (group[2] === ')') return { text: fold === '' ? '' : `(?${fold})`, end }
  outer.push(flags)
  return { text: `(?${fold}:`, end }
}

/** `(`, `(?:`, `(?flags:`, `(?flags)`, `(?P<name>`. */
const groupStart = /^\((?:\?P<\w+>|\?([a-zA-Z]*(?:-[a-zA-Z]+)?)([:)]))?/

const leadingFlags = /^\(\?([a-zA-Z]+)\)/

const quantified = /^\^[*+?{]/

function readPiece({ pattern, flags }: Reader, offset: number): Piece {
  const char = String.fromCodePoint(pattern.codePointAt(offset) ?? 0)
  const one = (text: string): Piece => ({ text, end: offset + char.length })
  switch (char) {
    case '^':
      return one(flags.lines ? '(?:(?<![^\\n]))' : offset === 0 && !quantified.test(pattern) ? '^' : '(?:^)')
    case '$':
      return one(flags.lines ? '(?:(?![^\\n]))' : '(?:(?![\\s\\S]))')
    case '.':
      return one(flags.dotAll ? '[\\s\\S]' : '[^\\n]')
    case '|':
      return one('|')
    case '[':
      return classFor(pattern, offset)
    case '\\':
      return escaped(pattern, offset)
    case '*':
    case '+':
    case '?':
      return quantifier(pattern, { end: offset + 1, text: char }, flags)
    case '{': {
      const count = /^\{\d+(?:,\d*)?\}/.exec(pattern.slice(offset))?.[0]
      return count ? quantifier(pattern, { end: offset + count.length, text: count }, flags) : one('\\{')
    }
    default:
      return one(verbatim(char))
  }
}

function quantifier(pattern: string, { text, end }: Piece, { swapGreed }: Flags): Piece {
  const lazy = pattern[end] === '?'
  return { text: lazy === swapGreed ? text : `${text}?`, end: lazy ? end + 1 : end }
}

function escaped(pattern: string, offset: number): Piece {
  const letter = pattern[offset + 1]
  if (letter === 'A') return { text: '(?:^)', end: offset + 2 }
  if (letter === 'z') return { text: '(?:(?![\\s\\S]))', end: offset + 2 }
  if (letter === 'b' || letter === 'B') return { text: `(?:\\${letter})`, end: offset + 2 }
  if (letter === 'C') return { text: '[\\s\\S]', end: offset + 2 }
  if (letter === 'Q') return quoted(pattern, offset + 2)
  const known = perlClass(pattern, offset)
  if (known) return { text: known.isSet ? known.text : `[${known.text}]`, end: known.end }
  const { char, end } = readEscape(pattern, offset)
  return { text: verbatim(char), end }
}

/** `\Q…\E`, or to the end. */
function quoted(pattern: string, start: number): Piece {
  const close = pattern.indexOf('\\E', start)
  const literal = pattern.slice(start, close < 0 ? undefined : close)
  return { text: [...literal].map(verbatim).join(''), end: close < 0 ? pattern.length : close + 2 }
}
