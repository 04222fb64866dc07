/** How a file is written. `width` is the number of names in its header. */
export interface Dialect {
  readonly separator: string
  readonly quote: string
  readonly escape: string
  readonly width: number
}

/** The one that is taken when the beginning of a file speaks as much for others comes first. */
const separators = [',', ';', '\t', '|'] as const

/** Rows after the header that are looked at. */
const countedRows = 200

/**
 * Finds the dialect of a file from its beginning, which should contain the whole header; null when it does not. The separator is one
 * that stands in the header, and of several the one by which most rows have as many values as the header has names. DuckDB's own
 * search looks for whatever is most regular: of a file with an unclosed quote it makes a table of one column.
 */
export function findDialect(beginning: string, isWhole: boolean): Dialect | null {
  const text = beginning.replace(/^\ufeff/, '')
  const quoting = findQuoting(text)
  const found = separators.map((separator) => {
    const counts = countFields(text, { ...quoting, separator }, isWhole)
    const [width = 0, ...rest] = counts
    const agreeing = rest.filter((count) => count === width).length
    return { separator, width, agreement: rest.length === 0 ? 1 : agreeing / rest.length }
  })
  const possible = found.filter(({ width }) => width > 1)
  const [best] = possible.sort((a, b) => b.agreement - a.agreement || b.width - a.width)
  const { separator, width } = best ?? { separator: ',', width: found[0]?.width ?? 0 }
  return width === 0 ? null : { ...quoting, separator, width }
}

interface Quoting {
  readonly quote: string
  readonly escape: string
}

/** Single quotes count only when the file begins with one: texts are full of apostrophes. */
function findQuoting(text: string): Quoting {
  const quote = /^\s*'[^']*'[,;\t|\r\n]/.test(text) ? "'" : '"'
  // A backslash before the closing quote is the end of a path; before any other one it escapes the quote.
  const escaped = new RegExp(`\\\\${quote}[^,;\\t|\\r\\n]`).test(text) && !text.includes(quote + quote)
  return { quote, escape: escaped ? '\\' : quote }
}

/** How many fields each of the first rows has. A row that the end of the text may have cut is left out. */
function countFields(text: string, dialect: Quoting & { separator: string }, isWhole: boolean): number[] {
  const field = fieldPattern(dialect)
  const counts: number[] = []
  let fields = 0
  let start = 0
  while (field.lastIndex < text.length && counts.length <= countedRows) {
    const end = field.exec(text)?.[1]
    fields++
    if (end === dialect.separator || (end === '' && !isWhole)) continue
    const row = text.slice(start, field.lastIndex)
    if (row.trim() !== '') counts.push(fields)
    fields = 0
    start = field.lastIndex
  }
  return counts
}

/** One field with what ends it: the separator, the end of the line, or nothing at the end of the text. */
function fieldPattern({ separator, quote, escape: escapedBy }: Quoting & { separator: string }): RegExp {
  const content = escapedBy === quote ? `[^${quote}]*(?:${quote}${quote}[^${quote}]*)*` : `(?:[^${quote}\\\\]|\\\\[^])*`
  const end = separator === '|' ? '\\|' : separator
  return new RegExp(`(?:${quote}${content}(?:${quote}|$))?[^${end}\\r\\n]*(${end}|\\r\\n|\\r|\\n|$)`, 'y')
}
