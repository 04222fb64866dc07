import { Problem } from '../../../../base/index.ts'
import { bind, type Sql, sql } from '../../fragment.ts'
import { anyCharacter, type Characters, newline, without } from '../../patterns/characters.ts'
import { parsePattern } from '../../patterns/parse.ts'
import type { Pattern } from '../../patterns/pattern.ts'

/** What an expression has room for. */
const mostBytes = 512
const mostRepeats = 255

/**
 * Searches with a checked RE2 expression. Errors: `pipeline_invalid` for the borders of words and lines, which the server does not know,
 * and for what becomes too long.
 */
export function searchExpression(text: Sql, pattern: string): Sql {
  const written = write(parsePattern(pattern))
  // An empty expression would be null, and is found in every text.
  return written === ''
    ? sql`(${text} IS NOT NULL)`
    : sql`REGEXP_LIKE(${text}, ${bind(checkedSize(written), 'text')}, 'c')`
}

/** The expression itself. Errors: `pipeline_invalid` for one that the server has no room for. */
export function checkedSize(expression: string): string {
  if (Buffer.byteLength(expression) <= mostBytes) return expression
  throw new Problem(
    'pipeline_invalid',
    'the regular expression is too long for Oracle, which takes 512 bytes of its own writing.',
  )
}

/** The syntax of POSIX, in which every group has a number. */
function write(pattern: Pattern): string {
  switch (pattern.kind) {
    case 'character':
      return writeSet(pattern.set)
    case 'assertion':
      if (pattern.assertion === 'text start') return '^'
      if (pattern.assertion === 'text end') return '$'
      throw new Problem(
        'pipeline_invalid',
        'Oracle does not find the borders of words and lines by regular expressions.',
      )
    case 'sequence':
      return pattern.parts.map(write).join('')
    case 'choice':
      return writeChoice(pattern.branches.map(write))
    case 'repeat':
      return writeRepeat(pattern)
  }
}

/** A branch that is empty has no writing of its own. */
function writeChoice(branches: readonly string[]): string {
  const written = branches.filter((branch) => branch !== '')
  if (written.length === 0) return ''
  return `(${written.join('|')})${written.length < branches.length ? '?' : ''}`
}

function writeRepeat({ part, least, most }: Extract<Pattern, { kind: 'repeat' }>): string {
  const text = write(part)
  if (text === '' || most === 0) return ''
  const one = part.kind === 'character' || part.kind === 'choice' ? text : `(${text})`
  // A choice with an empty branch ends with a question mark, to which no other sign may be added.
  const single = part.kind === 'choice' && text.endsWith('?') ? `(${text})` : one
  if (most === null)
    return least === 0 ? `${single}*` : least === 1 ? `${single}+` : `${times(single, least)}${single}*`
  const optional = pieces(most - least).map((size) => `${single}{0,${size}}`)
  return `${times(single, least)}${optional.join('')}`
}

function times(one: string, count: number): string {
  return pieces(count)
    .map((size) => (size === 1 ? one : `${one}{${size}}`))
    .join('')
}

/** A number as a sum of numbers that braces can hold. */
function pieces(count: number): number[] {
  const full = Array.from({ length: Math.floor(count / mostRepeats) }, () => mostRepeats)
  return count % mostRepeats === 0 ? full : [...full, count % mostRepeats]
}

function writeSet(set: Characters): string {
  if (isSame(set, without(newline))) return '.'
  if (isSame(set, anyCharacter)) return '(.|\n)'
  const isNegated = set.at(-1)?.[1] === 0x10ffff
  const members = points(isNegated ? without(set) : set)
  const [only, second] = members
  // Nothing comes after the end.
  if (only === undefined) return isNegated ? '(.|\n)' : '$.'
  if (!isNegated && second === undefined && only.length === 1) return literal(only)
  return `[${isNegated ? '^' : ''}${ordered(members)}]`
}

function literal(char: string): string {
  return /[\\^$.*+?()[\]{}|]/.test(char) ? `\\${char}` : char
}

/** Characters and ranges; those that mean something between brackets stand by themselves. */
function points(set: Characters): string[] {
  return set.flatMap(([from, to]) => {
    const first = Math.max(from, 1)
    const found: string[] = []
    let start = first
    const close = (end: number): void => {
      if (end === start) found.push(String.fromCodePoint(start))
      else if (end > start) found.push(`${String.fromCodePoint(start)}-${String.fromCodePoint(end)}`)
    }
    for (const special of ['-', '[', ']', '^'].map((char) => char.charCodeAt(0))) {
      if (special < first || special > to) continue
      close(special - 1)
      found.push(String.fromCodePoint(special))
      start = special + 1
    }
    close(to)
    return found
  })
}

/** A closing bracket is one at the start only, a hyphen at the end only, a caret anywhere but at the start. */
function ordered(members: readonly string[]): string {
  const place = (member: string): number => ({ ']': 0, '^': 2, '[': 3, '-': 4 })[member] ?? 1
  const sorted = [...members].sort((a, b) => place(a) - place(b))
  // Only what has a place of its own is left: a hyphen may come first, too.
  return (sorted[0] === '^' ? sorted.reverse() : sorted).join('')
}

function isSame(a: Characters, b: Characters): boolean {
  return a.length === b.length && a.every(([from, to], index) => b[index]?.[0] === from && b[index]?.[1] === to)
}
