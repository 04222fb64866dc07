/** A text constant. For what DuckDB takes no placeholder for: paths, and options of its readers. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** The name of the n-th column in a file, from 0. People's names are data: DuckDB would hold `a` and `A` for the same. */
export function columnId(position: number): string {
  return `c${position}`
}
