import { nearestNames, type ProblemItem } from '../base/index.ts'

/** The value that one source gives to one setting, as it was written. `source`: `laputa.yml:3`, or a variable's name. */
export interface Given {
  readonly path: string
  readonly value: unknown
  readonly source: string
}

/** What a source says, and what is wrong with the way it says it. */
export interface Reading {
  readonly given: readonly Given[]
  readonly problems: readonly ProblemItem[]
}

/** Something set a name that no setting has. `names`: the ones that exist. */
export function unknownName(path: string, source: string, names: readonly string[]): ProblemItem {
  // `max_rows` without its group is closer to `query.max_rows` than the letters say.
  const elsewhere = names.filter((name) => name.endsWith(`.${path.split('.').at(-1)}`))
  const nearest = [...new Set([...elsewhere, ...nearestNames(path, names)])].slice(0, 2)
  const hint = nearest.length > 0 ? ` The nearest: ${nearest.join(', ')}.` : ''
  return { path, source, message: `There is no such setting. Remove it, or correct its name.${hint}`, nearest }
}
