import { Problem } from '../../../../base/index.ts'
import { parsePattern } from '../../patterns/parse.ts'
import { compiledSize, writePattern } from '../../patterns/write.ts'

/** More than PCRE compiles in any case. */
const mostBytes = 60_000

/** A checked RE2 expression as one of PCRE that finds the same texts. Errors: `pipeline_invalid` for one that is too large. */
export function redshiftPattern(pattern: string): string {
  const parsed = parsePattern(pattern)
  if (compiledSize(parsed) > mostBytes) {
    throw new Problem('pipeline_invalid', 'the regular expression is too large for this database: repeat less in it.')
  }
  return writePattern(parsed, { point, textStart: '\\A', negates: false, textEnd: '\\z', lowest: 1, mostRepeats: 1000 })
}

/** Characters beyond ASCII for themselves: their numbers are read in one mode of PCRE only. */
function point(codePoint: number): string {
  const char = String.fromCodePoint(codePoint)
  return codePoint > 0x7f || /[0-9A-Za-z]/.test(char) ? char : `\\x${codePoint.toString(16).padStart(2, '0')}`
}
