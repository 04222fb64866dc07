import { parsePattern } from '../../patterns/parse.ts'
import { writePattern } from '../../patterns/write.ts'

/** A checked RE2 expression as an advanced regular expression of PostgreSQL that finds the same texts. */
export function postgresPattern(pattern: string): string {
  return writePattern(parsePattern(pattern), {
    point,
    textStart: '\\A',
    negates: false,
    textEnd: '\\Z',
    lowest: 1,
    mostRepeats: 255,
  })
}

function point(codePoint: number): string {
  if (/[0-9A-Za-z]/.test(String.fromCodePoint(codePoint))) return String.fromCodePoint(codePoint)
  const hex = codePoint.toString(16)
  return codePoint <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`
}
