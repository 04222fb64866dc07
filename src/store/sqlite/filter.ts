import type { Json } from '../../base/index.ts'
import { compileWith, type FilterDialect } from '../filter.ts'
import type { Filter } from '../port.ts'
import { toText } from './document-text.ts'
import { booleanKeys, keyOf, leastBlob, leastText, nullKey, pathOf } from './field-key.ts'

/** A condition in SQL: constants and checked field names in the text, everything else bound. */
export interface Clause {
  readonly text: string
  readonly values: readonly (string | number)[]
}

export const everything: Clause = { text: 'true', values: [] }
const nothing: Clause = { text: 'false', values: [] }

const dialect: FilterDialect<Clause> = {
  everything,
  nothing,
  both: (kind, clauses) => combine(clauses, kind),
  on(field) {
    const [key, path] = [keyOf(field), pathOf(field)]
    const present = `json_type(doc, ${path}) is not null`
    return {
      equal: (value) => equal(key, value),
      unequal: (value) => ({ ...operand(value), text: `${key} <> ${operand(value).text}` }),
      among: (values) => among(key, values),
      beyond: (side, value) => beyond(key, side === 'lt' ? '<' : '>', value),
      exists: (exists) => ({ text: exists ? present : `not (${present})`, values: [] }),
      contains: (value) => contains(path, value),
    }
  },
}

/** Errors: `internal` when it is not a filter of the grammar. */
export function compileFilter(filter: Filter): Clause {
  return compileWith(dialect, filter)
}

export function both(left: Clause, right: Clause): Clause {
  return { text: `(${left.text} and ${right.text})`, values: [...left.values, ...right.values] }
}

/** Of no clauses: nothing. A balanced tree: a thousand parts in a row would pass SQLite's bound on the depth of an expression. */
function combine(clauses: readonly Clause[], operator: 'and' | 'or'): Clause {
  const [first] = clauses
  if (first === undefined) return nothing
  if (clauses.length === 1) return first
  const middle = clauses.length >> 1
  const left = combine(clauses.slice(0, middle), operator)
  const right = combine(clauses.slice(middle), operator)
  return { text: `(${left.text} ${operator} ${right.text})`, values: [...left.values, ...right.values] }
}

/**
 * A value as a key. Numbers are bound as JSON texts too: SQLite then reads the filter's digits and the document's alike, to the
 * last bit, and the driver would abort the process on a boolean.
 */
function operand(value: Json): Clause {
  if (value === null) return { text: nullKey, values: [] }
  if (typeof value === 'boolean') return { text: value ? booleanKeys.true : booleanKeys.false, values: [] }
  if (typeof value === 'object') return { text: 'cast(? as blob)', values: [toText(value)] }
  return { text: "json_extract(?, '$')", values: [toText(value)] }
}

function equal(key: string, value: Json): Clause {
  const right = operand(value)
  return { text: `${key} = ${right.text}`, values: right.values }
}

function among(key: string, values: readonly Json[]): Clause {
  const scalars = values.filter((value) => typeof value === 'string' || typeof value === 'number')
  const clauses = values
    .filter((value) => typeof value !== 'string' && typeof value !== 'number')
    .map((value) => equal(key, value))
  if (scalars.length > 0) {
    // One bound list, however long: SQLite takes 32,766 values at most.
    const list = `[${scalars.map(toText).join(',')}]`
    clauses.push({ text: `${key} in (select value from json_each(?))`, values: [list] })
  }
  return combine(clauses, 'or')
}

function beyond(key: string, operator: '<' | '>', value: number | string): Clause {
  const start = typeof value === 'number' ? `${key} > ${nullKey}` : `${key} >= ${leastText}`
  const end = `${key} < ${typeof value === 'number' ? leastText : leastBlob}`
  const right = operand(value)
  return { text: `(${key} ${operator} ${right.text} and ${operator === '<' ? start : end})`, values: right.values }
}

function contains(path: string, value: Json): Clause {
  const member = memberIs(value)
  return {
    text: `(json_type(doc, ${path}) = 'array' and exists (select 1 from json_each(doc, ${path}) as m where ${member.text}))`,
    values: member.values,
  }
}

function memberIs(value: Json): Clause {
  if (value === null || typeof value === 'boolean') return { text: `m.type = '${value}'`, values: [] }
  if (typeof value === 'object') {
    return { text: `m.type = '${Array.isArray(value) ? 'array' : 'object'}' and m.value = ?`, values: [toText(value)] }
  }
  const types = typeof value === 'string' ? "('text')" : "('integer', 'real')"
  return { text: `m.type in ${types} and m.value = json_extract(?, '$')`, values: [toText(value)] }
}
