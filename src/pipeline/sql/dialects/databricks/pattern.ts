import { parsePattern } from '../../patterns/parse.ts'
import { writePattern } from '../../patterns/write.ts'

/** A checked RE2 expression as one of Java that finds the same texts. */
export function databricksPattern(pattern: string): string {
  return writePattern(parsePattern(pattern), {
    point,
    textStart: '\\A',
    negates: false,
    textEnd: '\\z',
    lowest: 0,
    mostRepeats: 1000,
  })
}

function point(codePoint: number): string {
  const char = String.fromCodePoint(codePoint)
  return /[0-9A-Za-z]/.test(char) ? char : `\\x{${codePoint.toString(16)}}`
}
