import { type Characters, includes, newline, without, wordCharacters } from './characters.ts'
import type { Assertion, Pattern } from './pattern.ts'

/** How one engine writes what engines write in different ways. */
export interface Spelling {
  /** A character by its number, outside and inside of brackets. */
  point(codePoint: number): string
  readonly textStart: string
  readonly textEnd: string
  /** The first character that a text can have. */
  readonly lowest: 0 | 1
  /** Whether a set with the last character is written by what is not in it: for engines that may read the rest by halves. */
  readonly negates: boolean
  /** The greatest number of repetitions in braces. */
  readonly mostRepeats: number
}

/** A pattern in the syntax that Postgres, PCRE and ICU share, apart from the spelling. */
export function writePattern(pattern: Pattern, spelling: Spelling): string {
  switch (pattern.kind) {
    case 'character':
      return writeSet(pattern.set, spelling)
    case 'assertion':
      return writeAssertion(pattern.assertion, spelling)
    case 'sequence':
      return pattern.parts
        .map((part) => (part.kind === 'choice' ? group(part, spelling) : writePattern(part, spelling)))
        .join('')
    case 'choice':
      return pattern.branches.map((branch) => writePattern(branch, spelling)).join('|')
    case 'repeat':
      return writeRepeat(pattern, spelling)
  }
}

/** About how many bytes PCRE makes of a pattern: it repeats groups as often as they are asked for, single characters not. */
export function compiledSize(pattern: Pattern): number {
  switch (pattern.kind) {
    case 'character':
      return isSingle(pattern.set) ? 5 : 40 + 7 * pattern.set.length
    case 'assertion':
      return 250
    case 'sequence':
      return pattern.parts.reduce((sum, part) => sum + compiledSize(part), 4)
    case 'choice':
      return pattern.branches.reduce((sum, branch) => sum + compiledSize(branch) + 6, 0)
    case 'repeat': {
      const once = compiledSize(pattern.part) + 6
      return pattern.part.kind === 'character' ? once : once * Math.max(1, pattern.most ?? pattern.least + 1)
    }
  }
}

function writeSet(characters: Characters, spelling: Spelling): string {
  const { point, textEnd, lowest, negates } = spelling
  const outside = negates && includes(characters, 0x10ffff) ? without(characters) : []
  if (outside.length > 0) return `[^${ranges(outside, spelling)}]`
  const set = characters.map(([from, to]) => [Math.max(from, lowest), to] as const).filter(([from, to]) => from <= to)
  const [only, second] = set
  // Nothing comes after the end.
  if (!only) return `${textEnd}a`
  if (!second && only[0] === only[1]) return point(only[0])
  return `[${ranges(set, spelling)}]`
}

function ranges(set: Characters, { point }: Spelling): string {
  return set.map(([from, to]) => (from === to ? point(from) : `${point(from)}-${point(to)}`)).join('')
}

function writeAssertion(assertion: Assertion, spelling: Spelling): string {
  const notNewline = writeSet(without(newline), spelling)
  const word = writeSet(wordCharacters, spelling)
  switch (assertion) {
    case 'text start':
      return spelling.textStart
    case 'text end':
      return spelling.textEnd
    case 'line start':
      return `(?<!${notNewline})`
    case 'line end':
      return `(?!${notNewline})`
    case 'word boundary':
      return `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`
    case 'no word boundary':
      return `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`
  }
}

function group(pattern: Pattern, spelling: Spelling): string {
  return `(?:${writePattern(pattern, spelling)})`
}

function writeRepeat({ part, least, most }: Extract<Pattern, { kind: 'repeat' }>, spelling: Spelling): string {
  const text = writePattern(part, spelling)
  const one = part.kind === 'character' && !text.startsWith(spelling.textEnd) ? text : `(?:${text})`
  if (most === null) return least === 0 ? `${one}*` : least === 1 ? `${one}+` : `${times(one, least, spelling)}${one}*`
  return `${times(one, least, spelling)}${upTo(one, most - least, spelling)}`
}

function times(one: string, count: number, { mostRepeats }: Spelling): string {
  const pieces = pieceSizes(count, mostRepeats).map((size) => (size === 1 ? one : `${one}{${size}}`))
  return pieces.join('')
}

function upTo(one: string, count: number, { mostRepeats }: Spelling): string {
  const pieces = pieceSizes(count, mostRepeats).map((size) => (size === 1 ? `${one}?` : `${one}{0,${size}}`))
  return pieces.join('')
}

function pieceSizes(count: number, most: number): number[] {
  const full = Array.from({ length: Math.floor(count / most) }, () => most)
  return count % most === 0 ? full : [...full, count % most]
}

function isSingle([only, second]: Characters): boolean {
  return only !== undefined && second === undefined && only[0] === only[1]
}
