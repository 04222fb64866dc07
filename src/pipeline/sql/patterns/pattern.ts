import type { Characters } from './characters.ts'

export type Assertion = 'text start' | 'text end' | 'line start' | 'line end' | 'word boundary' | 'no word boundary'

/**
 * A regular expression as what it searches for. Groups, greed and flags are gone: whether there is a match does not depend on the first
 * two, and the last are in the characters.
 */
export type Pattern =
  | { readonly kind: 'character'; readonly set: Characters }
  | { readonly kind: 'assertion'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly branches: readonly Pattern[] }
  | { readonly kind: 'repeat'; readonly part: Pattern; readonly least: number; readonly most: number | null }

/** Never wider than nothing, whatever it is applied to: repeating it adds nothing. */
export function isAssertion(pattern: Pattern): boolean {
  switch (pattern.kind) {
    case 'character':
      return false
    case 'assertion':
      return true
    case 'sequence':
      return pattern.parts.every(isAssertion)
    case 'choice':
      return pattern.branches.every(isAssertion)
    case 'repeat':
      return isAssertion(pattern.part)
  }
}
