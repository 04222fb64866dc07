import { Problem } from '../../../../base/index.ts'
import { bind, type Sql, sql } from '../../fragment.ts'
import { parsePattern } from '../../patterns/parse.ts'
import type { Pattern } from '../../patterns/pattern.ts'
import { writePattern } from '../../patterns/write.ts'

/** Whether a whole text fits an expression: that is what the server asks. A point in it is any character, line ends too. */
export function matches(text: Sql, pattern: string): Sql {
  return sql`REGEXP_LIKE(${text}, ${bind(pattern, 'text')}, 'cs')`
}

/**
 * A checked RE2 expression as one for a whole text that it is found in. The server has neither groups without a number nor conditions on
 * what stands around. Errors: `pipeline_invalid` for the start or the end of a line.
 */
export function snowflakePattern(pattern: string): string {
  const parsed = parsePattern(pattern)
  if (hasAssertion(parsed)) {
    throw new Problem(
      'pipeline_invalid',
      'this database has no regular expressions with word boundaries, or with the start and the end of a line in (?m).',
    )
  }
  const spelling = { point, textStart: '^', textEnd: '$', negates: false, lowest: 1, mostRepeats: 1000 } as const
  return `.*(${numbered(writePattern(parsed, spelling))}).*`
}

/** The expression with every group counted. */
export function numbered(pattern: string): string {
  return pattern.replaceAll(/\\[\s\S]|\(\?:/g, (part) => (part === '(?:' ? '(' : part))
}

/** The number that each counted group of an expression has once all groups are counted. */
export function groupNumbers(pattern: string): number[] {
  const opened = [...pattern.matchAll(/\\[\s\S]|\[(?:\\[\s\S]|[^\]])*\]|\((?:\?:)?/g)].map(([part]) => part)
  const groups = opened.filter((part) => part.startsWith('('))
  return groups.flatMap((part, index) => (part === '(' ? [index + 1] : []))
}

function hasAssertion(pattern: Pattern): boolean {
  switch (pattern.kind) {
    case 'character':
      return false
    case 'assertion':
      return pattern.assertion !== 'text start' && pattern.assertion !== 'text end'
    case 'sequence':
      return pattern.parts.some(hasAssertion)
    case 'choice':
      return pattern.branches.some(hasAssertion)
    case 'repeat':
      return hasAssertion(pattern.part)
  }
}

/** Characters for themselves: signs of ASCII may mean something. */
function point(codePoint: number): string {
  const char = String.fromCodePoint(codePoint)
  return /[!-/:-@[-`{-~]/.test(char) ? `\\${char}` : char
}
