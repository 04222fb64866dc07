import { isDenied } from './denied.ts'
import { refuseAt, type Token } from './tokens.ts'

const beginnings = new Set(['select', 'with', 'values', 'table'])
const writing = new Set(['insert', 'update', 'delete', 'merge', 'into'])
const locking = new Set(['share', 'no', 'key'])
const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']' }
const beforeTables = new Set(['from', 'join', 'only', 'lateral', 'table', ',', '('])

/**
 * Refuses what is not one statement that only reads, or would not stay one between two brackets. Errors: `data_refused` with the position.
 */
export function checkReading(tokens: readonly Token[]): void {
  const first = tokens.find(({ text }) => text !== '(')
  if (first?.kind !== 'word' || !beginnings.has(fold(first.text))) {
    throw refuseAt(first?.start ?? 0, 'A native query begins with SELECT, WITH, VALUES or TABLE.')
  }
  checkBrackets(tokens)
  for (const [index, token] of tokens.entries()) {
    const place = { token, before: tokens[index - 1], after: tokens[index + 1] }
    if (token.kind === 'symbol' && token.text === ';') {
      throw refuseAt(token.start, 'A native query is one statement.')
    }
    if (token.kind === 'word') checkWord(place)
    if (token.kind === 'word' || token.kind === 'quoted') checkName(place)
  }
}

interface Place {
  readonly token: Token
  readonly before: Token | undefined
  readonly after: Token | undefined
}

function checkBrackets(tokens: readonly Token[]): void {
  const open: Token[] = []
  for (const token of tokens) {
    if (token.kind !== 'symbol') continue
    if (token.text in closers) open.push(token)
    if (token.text !== ')' && token.text !== ']') continue
    const opener = open.pop()
    if (!opener || closers[opener.text] !== token.text) {
      throw refuseAt(token.start, `A "${token.text}" closes nothing.`)
    }
  }
  const unclosed = open.pop()
  if (unclosed) throw refuseAt(unclosed.start, `A "${unclosed.text}" is not closed.`)
}

/** A column with the name of such a word can be had in double quotes, or after the name of its table. */
function checkWord({ token, before, after }: Place): void {
  const word = fold(token.text)
  if (writing.has(word) && before?.text !== '.') {
    throw refuseAt(token.start, `A native query only reads: ${word.toUpperCase()} cannot stand in it.`)
  }
  if (word === 'for' && after?.kind === 'word' && locking.has(fold(after.text))) {
    throw refuseAt(token.start, 'A native query takes no locks.')
  }
}

function checkName({ token, before, after }: Place): void {
  const name = nameOf(token)
  if (after?.text === '(' && isDenied(name)) {
    throw refuseAt(token.start, `The function "${name}" cannot be called in a native query.`)
  }
  // The query is put among tables of these names.
  if (/^s\d+$/.test(name) && before && beforeTables.has(fold(before.text)) && after?.text !== '.') {
    throw refuseAt(token.start, `Put the schema before the table "${name}", or its table before the column.`)
  }
}

function nameOf({ kind, text }: Token): string {
  return kind === 'quoted' ? text.slice(1, -1).replaceAll('""', '"') : fold(text)
}

/** As the server does for words without quotes: letters of ASCII only. */
function fold(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
