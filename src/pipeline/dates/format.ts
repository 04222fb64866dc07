/** A date format taken apart: text that stands for itself, and specifiers by what follows their percent sign, such as `d` or `-d`. */
export type FormatPiece = { readonly text: string } | { readonly specifier: string; readonly position: number }

/** `position` counts characters from 0. */
export interface FormatProblem {
  readonly message: string
  readonly position: number
}

/** Specifiers that are short for others. */
const composed: Readonly<Record<string, string>> = { F: '%Y-%m-%d', T: '%H:%M:%S', R: '%H:%M', D: '%m/%d/%y' }

/**
 * Takes a strftime format apart. `known` are the specifiers that the caller can do, beside those that are short for several of them.
 */
export function readFormat(
  format: string,
  known: ReadonlySet<string>,
): { readonly pieces: readonly FormatPiece[] } | { readonly problem: FormatProblem } {
  const pieces: FormatPiece[] = []
  for (const { 0: found, index } of format.matchAll(/%-?[\s\S]?|[^%]+/gu)) {
    const specifier = found.slice(1)
    if (!found.startsWith('%')) pieces.push({ text: found })
    else if (specifier === '%') pieces.push({ text: '%' })
    else if (known.has(specifier)) pieces.push({ specifier, position: index })
    else if (Object.hasOwn(composed, specifier)) {
      const short = readFormat(composed[specifier] ?? '', known)
      if ('problem' in short) return { problem: { ...short.problem, position: index } }
      pieces.push(...short.pieces.map((piece) => ('text' in piece ? piece : { ...piece, position: index })))
    } else
      return {
        problem: { message: `"${found}" is not a part of a date that can stand in this format.`, position: index },
      }
  }
  return { pieces }
}
