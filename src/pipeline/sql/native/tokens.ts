import { Problem } from '../../../base/index.ts'
import { scanTemplate } from '../../templates/scan.ts'
import { maxTemplateLength } from '../../templates/template.ts'

export type TokenKind = 'word' | 'quoted' | 'text' | 'number' | 'symbol' | 'placeholder'

/** A piece of a statement. White space and comments are none: `gap` tells that some stood before. */
export interface Token {
  readonly kind: TokenKind
  readonly text: string
  readonly start: number
  readonly gap: boolean
}

/** The statement cannot be taken because of what stands at `position`, a 0-based offset into its text. */
export function refuseAt(position: number, message: string): Problem {
  return new Problem('data_refused', message, { errors: [{ path: '', message, position }] })
}

const blanks = /[ \t\n\r\f\v]+/y
const lineComment = /--[^\n\r]*/y
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y
const number = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const plainText = /(?:[bBxXnN]|[uU]&)?'[^']*(?:''[^']*)*'/y
const escapedText = /[eE]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'/y
const quotedName = /"[^"]*(?:""[^"]*)*"/y
const escapedName = /[uU]&"/y
const dollarOpener = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y

/** What begins as one of these and is not matched by it has no end. */
const openers: readonly (readonly [RegExp, RegExp, TokenKind])[] = [
  [/[eE]'/y, escapedText, 'text'],
  [/(?:[bBxXnN]|[uU]&)?'/y, plainText, 'text'],
  [/"/y, quotedName, 'quoted'],
]

/**
 * The tokens of a statement as PostgreSQL finds them with `standard_conforming_strings` on. Errors: `data_refused` with the position
 * of what has no end, cannot stand in a statement, or is written in one of the ways that hide what they say.
 */
export function tokenize(text: string): readonly Token[] {
  const nul = text.indexOf('\0')
  if (nul >= 0) throw refuseAt(nul, 'A statement has no character NUL.')
  const tokens: Token[] = []
  let position = 0
  let gap = false
  while (position < text.length) {
    const space = spaceAt(text, position)
    if (space > position) {
      gap = true
      position = space
      continue
    }
    const { kind, end } = tokenAt(text, position)
    const token: Token = { kind, text: text.slice(position, end), start: position, gap }
    refuseHidden(token, tokens.at(-1))
    tokens.push(token)
    position = end
    gap = false
  }
  return tokens
}

/** The end of the white space or comment here; the position itself where there is none. */
function spaceAt(text: string, position: number): number {
  const end = endOf(blanks, text, position) ?? endOf(lineComment, text, position) ?? blockCommentAt(text, position)
  if (end === undefined) return position
  refuseTemplate(text.slice(position, end), position, 'a comment')
  return end
}

/** Block comments nest. */
function blockCommentAt(text: string, start: number): number | undefined {
  if (!text.startsWith('/*', start)) return undefined
  let depth = 1
  for (let position = start + 2; position < text.length; position++) {
    if (text.startsWith('/*', position)) depth += 1
    else if (text.startsWith('*/', position)) depth -= 1
    else continue
    position += 1
    if (depth === 0) return position + 1
  }
  throw refuseAt(start, 'A comment is not closed.')
}

function tokenAt(text: string, start: number): { kind: TokenKind; end: number } {
  if (endOf(escapedName, text, start) !== undefined) {
    throw refuseAt(start, 'Names with unicode escapes are not taken; write the letters.')
  }
  for (const [opener, whole, kind] of openers) {
    if (endOf(opener, text, start) === undefined) continue
    const end = endOf(whole, text, start)
    if (end === undefined) throw refuseAt(start, 'A quotation mark is not closed.')
    return { kind, end }
  }
  const wordEnd = endOf(word, text, start)
  if (wordEnd !== undefined) return { kind: 'word', end: wordEnd }
  const numberEnd = endOf(number, text, start)
  if (numberEnd !== undefined) return { kind: 'number', end: numberEnd }
  const char = text.charAt(start)
  if (char === '$') return { kind: 'text', end: dollarText(text, start) }
  if (char === '{' || char === '}') return { kind: 'placeholder', end: placeholderAt(text, start) }
  if (char < ' ' || char === '\u007f' || char === '\\' || char === '`') {
    throw refuseAt(start, `The character "${char}" cannot stand here.`)
  }
  return { kind: 'symbol', end: start + 1 }
}

function dollarText(text: string, start: number): number {
  const opened = endOf(dollarOpener, text, start)
  if (opened === undefined) {
    throw refuseAt(start, 'A "$" cannot stand here; write values that are filled in as {{ name }}.')
  }
  const tag = text.slice(start, opened)
  const closed = text.indexOf(tag, opened)
  if (closed < 0) throw refuseAt(start, `The text that begins with ${tag} has no end.`)
  return closed + tag.length
}

/** Up to the brackets that close it; such as stand in a text within it do not. */
function placeholderAt(text: string, start: number): number {
  const opened = text.startsWith('{{', start)
  for (let close = start; opened && close >= 0; ) {
    close = text.indexOf('}}', close + 1)
    if (close < 0 || close - start > maxTemplateLength) break
    const end = close + 2
    if (scanTemplate(text.slice(start, end)).unclosed === undefined) return end
  }
  throw refuseAt(
    start,
    'A brace stands only in {{ name }}, which has to be closed; there are no blocks in a statement.',
  )
}

/** Ways of writing in which it is not plain what is read. */
function refuseHidden({ kind, text, start }: Token, before: Token | undefined): void {
  if (kind === 'text' || kind === 'quoted') {
    refuseTemplate(text, start, kind === 'text' ? 'a text in quotes' : 'a quoted name')
  }
  // The second part of a text would follow the rules of the first one.
  if (kind === 'text' && before?.kind === 'text') throw refuseAt(start, 'A text cannot go on after its end.')
}

function refuseTemplate(text: string, start: number, place: string): void {
  const found = text.search(/\{[{%]/)
  if (found < 0) return
  const message = `A variable cannot stand in ${place}: values are bound, so write {{ name }} without quotes.`
  throw refuseAt(start + found, message)
}

function endOf(pattern: RegExp, text: string, position: number): number | undefined {
  const sticky = new RegExp(pattern.source, 'y')
  sticky.lastIndex = position
  return sticky.test(text) ? sticky.lastIndex : undefined
}
