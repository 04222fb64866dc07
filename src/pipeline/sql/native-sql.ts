import { isProblem, Problem } from '../../base/index.ts'
import { compileTemplate, type Template } from '../templates/template.ts'
import type { TemplateValue, TemplateVariables } from '../templates/values.ts'
import type { ColumnType, Value } from '../values.ts'
import { bind, joinSql, type Sql } from './fragment.ts'
import { checkReading } from './native/check.ts'
import { refuseAt, type Token, tokenize } from './native/tokens.ts'

/** The dialects whose tokens are known. */
export type NativeLanguage = 'postgres'

const maxNativeLength = 100_000

/**
 * A statement in a database's own language, as a fragment that can stand between two brackets: without comments and closing semicolon, each
 * `{{ expression }}` a bound value, a list as values with commas between them (an empty one as null, which equals nothing). The server
 * decides over everything else. Errors: `data_refused` with the position for what is not one reading statement, `pipeline_invalid` for a
 * variable that is not there or does not fit.
 */
export function readNativeSql(written: string, variables: TemplateVariables, _language: NativeLanguage): Sql {
  if (written.length > maxNativeLength) {
    throw refuseAt(maxNativeLength, `A native query has at most ${maxNativeLength} characters.`)
  }
  const tokens = withoutEnd(tokenize(written))
  checkReading(tokens)
  const pieces: Sql[] = []
  let text = ''
  for (const token of tokens) {
    if (token.kind !== 'placeholder') {
      text += token.gap && text !== '' ? ` ${token.text}` : token.text
      continue
    }
    pieces.push(constant(text), boundValue(token, variables))
    text = ''
  }
  return joinSql([...pieces, constant(text)], ' ')
}

function withoutEnd(tokens: readonly Token[]): readonly Token[] {
  return tokens.slice(0, tokens.findLastIndex(({ text }) => text !== ';') + 1)
}

/** What a builder wrote and the tokens have shown to be one reading statement. */
function constant(text: string): Sql {
  return { texts: [text], values: [] }
}

function boundValue({ text, start }: Token, variables: TemplateVariables): Sql {
  const rendered = compileAt(text, start).render(variables)
  if ('undefinedName' in rendered) {
    throw invalidAt(start, `The variable "${rendered.undefinedName}" is not defined.`)
  }
  const { value } = rendered
  if (!Array.isArray(value)) return bindValue(value, start)
  const items: readonly TemplateValue[] = value.length > 0 ? value : [null]
  return joinSql(
    items.map((item) => bindValue(item, start)),
    ', ',
  )
}

function compileAt(text: string, start: number): Template {
  try {
    return compileTemplate(text)
  } catch (error) {
    if (!isProblem(error)) throw error
    throw invalidAt(start + (error.errors[0]?.position ?? 0), error.message)
  }
}

function bindValue(value: TemplateValue, start: number): Sql {
  if (!isValue(value)) throw invalidAt(start, 'A value in a native query is a single one, or a list of such.')
  return bind(value, typeOf(value))
}

function isValue(value: TemplateValue): value is Value {
  return typeof value !== 'object' || value === null || value instanceof Date
}

function typeOf(value: Value): ColumnType {
  if (value instanceof Date) return 'date'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'bigint') return 'integer'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number'
  return 'text'
}

function invalidAt(position: number, message: string): Problem {
  return new Problem('pipeline_invalid', message, { errors: [{ path: '', message, position }] })
}
