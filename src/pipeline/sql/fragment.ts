import { Problem } from '../../base/index.ts'
import type { FormulaOperator } from '../formulas/formula.ts'
import type { ColumnType, Value } from '../values.ts'

type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>='

/** A value that is sent beside the text, with the type that the engine should give it. */
export interface Bound {
  readonly value: Value
  readonly type: ColumnType
  /** Stands where a database takes a lone placeholder only, as after LIMIT. */
  readonly lone?: true
}

/**
 * A piece of SQL: texts with a bound value between each pair. Only this room makes texts, from constants and generated names;
 * what a user wrote is either bound or goes through the dialect's one quoting function.
 */
export interface Sql {
  readonly texts: readonly string[]
  readonly values: readonly Bound[]
}

/** `sql`select ${a} from ${b}`` with fragments in the holes. There is no way to put a plain text into a hole. */
export function sql(texts: TemplateStringsArray, ...parts: readonly Sql[]): Sql {
  const out: string[] = [texts[0] ?? '']
  const values: Bound[] = []
  for (const [index, part] of parts.entries()) {
    appendTo(out, values, part)
    out.push((out.pop() ?? '') + (texts[index + 1] ?? ''))
  }
  return { texts: out, values }
}

/** A placeholder for a value. */
export function bind(value: Value, type: ColumnType): Sql {
  return { texts: ['', ''], values: [{ value, type }] }
}

/** A number of rows, as LIMIT and OFFSET take it. */
export function bindRows(count: number): Sql {
  return { texts: ['', ''], values: [{ value: count, type: 'integer', lone: true }] }
}

/** A number of this room as a double, such as the end of a range. Never anything that a person gave. */
export function double(value: number): Sql {
  const text = String(value)
  return { texts: [text.includes('e') ? text : `${text}e0`], values: [] }
}

/** Fragments one after the other, with a constant text between them. */
export function joinSql(parts: readonly Sql[], separator: ', ' | ' AND ' | ' OR ' | ' '): Sql {
  const out: string[] = ['']
  const values: Bound[] = []
  for (const [index, part] of parts.entries()) {
    if (index > 0) out.push((out.pop() ?? '') + separator)
    appendTo(out, values, part)
  }
  return { texts: out, values }
}

/** The text for a driver: `placeholder` writes the n-th one (from 1) for a value of a type. Values keep their order. */
export function renderSql(
  fragment: Sql,
  placeholder: (n: number, type: ColumnType, lone: boolean) => string,
): { readonly text: string; readonly values: readonly Bound[] } {
  let text = fragment.texts[0] ?? ''
  for (const [index, { type, lone = false }] of fragment.values.entries()) {
    text += placeholder(index + 1, type, lone) + (fragment.texts[index + 1] ?? '')
  }
  return { text, values: fragment.values }
}

const harmless = /^(?:[a-z]\d+|rowid|"(?:[^"\0]|"")+"|`(?:[^`\0]|``)+`|\[(?:[^\]\0]|\]\])+\])$/

/**
 * A name as it stands in the text: generated (`c0`, `s1`), or quoted by a dialect. Anything else is refused, so that no text of a
 * person gets in this way. Errors: `internal`.
 */
export function identifier(name: string): Sql {
  return identifiers([name])
}

/** `a, b, c`, each as `identifier` has it. */
export function identifiers(names: readonly string[]): Sql {
  if (!names.every((name) => harmless.test(name))) {
    throw new Problem('internal', 'A name that is neither generated nor quoted was about to enter a query.')
  }
  return { texts: [names.join(', ')], values: [] }
}

/** A constant text of this room, such as a keyword or the name of a type. Never anything that a person wrote. */
export function keyword(text: 'ASC' | 'DESC' | 'LEFT' | 'INNER' | FormulaOperator | Comparator): Sql {
  return { texts: [text], values: [] }
}

function appendTo(out: string[], values: Bound[], part: Sql): void {
  out.push((out.pop() ?? '') + (part.texts[0] ?? ''))
  for (const text of part.texts.slice(1)) out.push(text)
  for (const value of part.values) values.push(value)
}
