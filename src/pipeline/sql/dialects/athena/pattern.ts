import { parsePattern } from '../../patterns/parse.ts'
import { writePattern } from '../../patterns/write.ts'

/** A checked RE2 expression in the syntax of Java, which finds the same texts. */
export function athenaPattern(pattern: string): string {
  return writePattern(parsePattern(pattern), {
    point,
    textStart: '\\A',
    textEnd: '\\z',
    lowest: 0,
    negates: true,
    mostRepeats: 1000,
  })
}

/** Characters beyond 16 bits have no escape. */
export function point(codePoint: number): string {
  const char = String.fromCodePoint(codePoint)
  if (/[0-9A-Za-z]/.test(char) || codePoint > 0xffff) return char
  return `\\u${codePoint.toString(16).padStart(4, '0')}`
}
