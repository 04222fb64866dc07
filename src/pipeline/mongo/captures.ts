import { call, type Expression, literal } from './expression.ts'

export interface CapturePattern {
  /** In what PCRE and JavaScript read alike. */
  readonly regex: string
  /** `i`: small and capital letters are the same. */
  readonly options?: 'i'
}

/** What the groups of a regular expression match in a text, a list with null for what matched nothing; null when it does not match. */
export function capturesOf(input: Expression, { regex, options }: CapturePattern): Expression {
  const search = { input, regex: literal(regex, 'text') }
  const found = call('$regexFind', options ? { ...search, options: literal(options, 'text') } : search)
  return call('$getField', { field: literal('captures', 'text'), input: found })
}

/** Whether the expression matched. Not by a comparison with null, which some find in the list. */
export function isMatched(captures: Expression): Expression {
  return call('$isArray', [captures])
}

/** The text of a group, from 0. */
export function captured(captures: Expression, group: number): Expression {
  return call('$arrayElemAt', [captures, literal(group, 'integer')])
}
