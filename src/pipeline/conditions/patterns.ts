import { RE2JS, RE2JSSyntaxException } from 're2js'

/** Longer expressions are refused: nobody writes them by hand, and engines spend memory in proportion. */
const maxPatternLength = 10_000

export interface PatternProblem {
  readonly message: string
  readonly position?: number
}

/**
 * What is wrong with a regular expression, undefined when every engine reads it alike. RE2 syntax: no back-references, no look-around.
 * What one RE2 implementation takes and another does not is refused as well.
 */
export function patternProblem(pattern: string): PatternProblem | undefined {
  if (pattern.length > maxPatternLength) {
    return { message: `The regular expression is longer than ${maxPatternLength} characters.` }
  }
  try {
    RE2JS.compile(pattern)
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) return { message: 'The regular expression is too complex.' }
    return { message: `The regular expression is not valid: ${error.error}.`, position: positionOf(pattern, error) }
  }
  return namedGroup(pattern) ?? propertyName(pattern)
}

/** A test for a search anywhere in a text, case-sensitive. The pattern has been checked. */
export function compilePattern(pattern: string): (text: string) => boolean {
  const compiled = RE2JS.compile(pattern)
  return (text) => compiled.test(text)
}

/** The library tells which piece it could not read, not where: a missing bracket is missed at the end. */
function positionOf(pattern: string, { error, input }: RE2JSSyntaxException): number {
  if (input === null || error.startsWith('missing closing )')) return pattern.length
  return Math.max(0, pattern.indexOf(input))
}

/** `(?P<name>…)` is read everywhere, `(?<name>…)` only by newer implementations. Escaped pairs and classes are skipped. */
function namedGroup(pattern: string): PatternProblem | undefined {
  for (const match of pattern.matchAll(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|(\(\?<)/g)) {
    if (match[1] !== undefined) return { message: 'Write a named group as (?P<name>…).', position: match.index }
  }
  return undefined
}

/** Unicode classes by general category or script; binary properties such as Alphabetic are not read everywhere. */
function propertyName(pattern: string): PatternProblem | undefined {
  for (const match of pattern.matchAll(/\\(?:[pP]\{\^?([^}]*)\}|[\s\S])/g)) {
    const name = match[1]
    if (name === undefined || name === 'Any' || isCategory(name) || isScript(name)) continue
    return { message: `\\p{${name}} is not a general category or a script.`, position: match.index }
  }
  return undefined
}

function isCategory(name: string): boolean {
  return /^[CLMNPSZ][a-z]?$/.test(name) && name !== 'Cn'
}

function isScript(name: string): boolean {
  if (!/^\w+$/.test(name)) return false
  try {
    return new RegExp(`\\p{Script=${name}}`, 'u').source !== ''
  } catch {
    return false
  }
}
