import { Problem } from '../../../../base/index.ts'
import { parsePattern } from '../../patterns/parse.ts'
import { compiledSize, writePattern } from '../../patterns/write.ts'

/** PCRE refuses what it cannot compile into 64 KiB, and with it the query. */
const mostBytes = 60_000

/**
 * A checked RE2 expression as one that PCRE (MariaDB) and ICU (MySQL) read alike and that finds the same texts. Errors:
 * `pipeline_invalid` for one that is too large.
 */
export function mysqlPattern(pattern: string): string {
  const parsed = parsePattern(pattern)
  if (compiledSize(parsed) > mostBytes) {
    throw new Problem('pipeline_invalid', 'the regular expression is too large for this database: repeat less in it.')
  }
  return writePattern(parsed, { point, textStart: '\\A', negates: false, textEnd: '\\z', lowest: 0, mostRepeats: 1000 })
}

function point(codePoint: number): string {
  const char = String.fromCodePoint(codePoint)
  return /[0-9A-Za-z]/.test(char) ? char : `\\x{${codePoint.toString(16)}}`
}
