import { Problem } from '../../../../base/index.ts'
import { bind, joinSql, type Sql, sql } from '../../fragment.ts'
import type { Characters } from '../../patterns/characters.ts'
import { parsePattern } from '../../patterns/parse.ts'
import type { Pattern } from '../../patterns/pattern.ts'

/** A piece of a pattern: text of `LIKE`, an end of the text, any text, or that the piece before may go on. */
type Piece = { readonly like: string } | 'start' | 'end' | 'any' | 'more'

/** As many patterns, and as many characters in each, as one expression may become. */
const mostPatterns = 50
const mostCharacters = 2000

/**
 * Searches with `LIKE` for what it can find: characters and sets of them one after the other, anywhere or at an end of the text, and
 * choices of these. Errors: `pipeline_invalid` for every other expression.
 */
export function searchLike(text: Sql, pattern: string): Sql {
  const patterns = new Set(expand(parsePattern(pattern)).map(written))
  const tests = [...patterns].map((like) => sql`${text} LIKE ${bind(like, 'text')} ESCAPE N'!'`)
  return sql`(${joinSql(tests, ' OR ')})`
}

function refuse(): never {
  throw new Problem(
    'pipeline_invalid',
    'SQL Server before 2025 has no regular expressions: it finds characters, sets of them and choices, at the start, the end or anywhere.',
  )
}

/** All the ways to match, each as a sequence of pieces. */
function expand(pattern: Pattern): Piece[][] {
  switch (pattern.kind) {
    case 'character':
      return [[{ like: setText(pattern.set) }]]
    case 'assertion':
      if (pattern.assertion === 'text start') return [['start']]
      return pattern.assertion === 'text end' ? [['end']] : refuse()
    case 'choice':
      return bounded(pattern.branches.flatMap(expand))
    case 'sequence':
      return pattern.parts.reduce<Piece[][]>((before, part) => followed(before, expand(part)), [[]])
    case 'repeat':
      return repeated(pattern)
  }
}

function repeated({ part, least, most }: Extract<Pattern, { kind: 'repeat' }>): Piece[][] {
  if (least > mostCharacters) return refuse()
  if (most === null) {
    if (least === 0 && part.kind === 'character' && isAny(part.set)) return [['any']]
    return followed(times(part, least), [['more']])
  }
  if (most - least > mostPatterns) return refuse()
  return bounded(Array.from({ length: most - least + 1 }, (_, index) => times(part, least + index)).flat())
}

function times(part: Pattern, count: number): Piece[][] {
  if (count === 0) return [[]]
  const once = expand(part)
  return Array.from({ length: count }, () => once).reduce<Piece[][]>((before, next) => followed(before, next), [[]])
}

function followed(before: readonly Piece[][], next: readonly Piece[][]): Piece[][] {
  if (before.length * next.length > mostPatterns) return refuse()
  return bounded(before.flatMap((first) => next.map((second) => [...first, ...second])))
}

function bounded(ways: Piece[][]): Piece[][] {
  return ways.length > mostPatterns || ways.some(({ length }) => length > mostCharacters) ? refuse() : ways
}

/** What goes on at an open end may as well not do so. */
function written(way: readonly Piece[]): string {
  const begun = way.lastIndexOf('start')
  const ended = way.indexOf('end')
  const inner = way.slice(begun + 1, ended < 0 ? way.length : ended)
  const outside = [...way.slice(0, begun + 1), ...(ended < 0 ? [] : way.slice(ended))]
  if (outside.some((piece) => piece !== 'start' && piece !== 'end')) return refuse()
  while (begun < 0 && inner[0] === 'more') inner.shift()
  while (ended < 0 && inner.at(-1) === 'more') inner.pop()
  const body = inner.map((piece) => (piece === 'any' ? '%' : typeof piece === 'object' ? piece.like : refuse()))
  return `${begun < 0 ? '%' : ''}${body.join('')}${ended < 0 ? '%' : ''}`
}

function isAny([first, second, third]: Characters): boolean {
  return (
    first?.[0] === 0 && first[1] === 0xd7ff && second?.[1] === 0x10ffff && second[0] === 0xe000 && third === undefined
  )
}

/** Sets beyond 16 bits cannot be written, since the server compares halves of their characters; one such character can. */
function setText(set: Characters): string {
  const [only, second] = set
  if (!only) return refuse()
  if (!second && only[0] === only[1]) return escaped(only[0])
  if ((set.at(-1)?.[1] ?? 0) > 0xffff || only[0] === 0) return refuse()
  const ranges = set.map(([from, to]) => (from === to ? escaped(from) : `${escaped(from)}-${escaped(to)}`))
  return `[${ranges.join('')}]`
}

function escaped(point: number): string {
  const char = String.fromCodePoint(point)
  return /[!%_[\]^-]/.test(char) ? `!${char}` : char
}
