import { Problem } from '../../base/index.ts'
import { parsePattern } from '../sql/patterns/parse.ts'
import { writePattern } from '../sql/patterns/write.ts'

/**
 * An RE2 expression for MongoDB, whose PCRE reads some of it otherwise: `$` before a last line break, `\s`, case. Here everything is
 * written out, without flags, in what PCRE and JavaScript read alike. It has been checked (`patternProblem`).
 * Errors: `pipeline_invalid` when it becomes longer than MongoDB takes.
 */
export function patternFor(pattern: string): string {
  const end = '(?![\\s\\S])'
  const spelling = { point, textStart: '^', textEnd: end, lowest: 0, negates: true, mostRepeats: 1000 } as const
  const written = writePattern(parsePattern(pattern), spelling)
  if (Buffer.byteLength(written) <= mostBytes) return written
  throw new Problem('pipeline_invalid', 'A regular expression is too long for MongoDB.')
}

const mostBytes = 32_000

/** A character by its number, outside and inside of brackets. */
function point(codePoint: number): string {
  if (codePoint < 0x20 || codePoint === 0x7f) return `\\x${codePoint.toString(16).padStart(2, '0')}`
  const char = String.fromCodePoint(codePoint)
  // Not `\-`, which some read outside of brackets only as a mistake.
  if (char === '-') return '\\x2d'
  return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char
}
