import { type Json, Problem } from '../../base/index.ts'
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

/** Deeper than any filter that makes sense, and far from SQLite's own bound. */
const deepest = 50

/** Errors: `internal` when it is not a filter of the grammar, as with a value that is `undefined`: that must never match all. */
export function compileFilter(filter: Filter, depth = 0): Clause {
  if (depth > deepest) throw malformed(`nested deeper than ${deepest} levels`)
  if (typeof filter !== 'object' || filter === null) throw malformed('not an object')
  const members = Object.keys(filter).length
  if ('and' in filter || 'or' in filter) {
    if (members !== 1) throw malformed('more than one of its kinds at once')
    return 'and' in filter
      ? combine(parts(filter.and, depth), 'and', everything)
      : combine(parts(filter.or, depth), 'or', nothing)
  }
  if (members !== 2) throw malformed('not one field and one comparison')
  return compileLeaf(filter)
}

export function both(left: Clause, right: Clause): Clause {
  return { text: `(${left.text} and ${right.text})`, values: [...left.values, ...right.values] }
}

type Leaf = Exclude<Filter, { readonly and: unknown } | { readonly or: unknown }>

function compileLeaf(filter: Leaf): Clause {
  const key = keyOf(filter.field)
  if ('eq' in filter) return equal(key, filter.eq)
  if ('ne' in filter) return { ...operand(filter.ne), text: `${key} <> ${operand(filter.ne).text}` }
  if ('in' in filter) return among(key, filter.in)
  if ('lt' in filter) return beyond(key, '<', filter.lt)
  if ('gt' in filter) return beyond(key, '>', filter.gt)
  if ('contains' in filter) return contains(pathOf(filter.field), filter.contains)
  if ('exists' in filter && typeof filter.exists === 'boolean') {
    const present = `json_type(doc, ${pathOf(filter.field)}) is not null`
    return { text: filter.exists ? present : `not (${present})`, values: [] }
  }
  throw malformed('without a comparison')
}

function parts(filters: readonly Filter[], depth: number): Clause[] {
  if (!Array.isArray(filters)) throw malformed('`and` and `or` take a list')
  return filters.map((part) => compileFilter(part, depth + 1))
}

/** A balanced tree: a thousand parts in a row would pass SQLite's bound on the depth of an expression. */
function combine(clauses: readonly Clause[], operator: 'and' | 'or', none: Clause): Clause {
  const [first] = clauses
  if (first === undefined) return none
  if (clauses.length === 1) return first
  const middle = clauses.length >> 1
  const left = combine(clauses.slice(0, middle), operator, none)
  const right = combine(clauses.slice(middle), operator, none)
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
  return { text: "json_extract(?, '$')", values: [scalarText(value)] }
}

function scalarText(value: number | string): string {
  if (typeof value === 'string' || Number.isFinite(value)) return toText(value)
  throw malformed(`${String(value)} is no value of JSON`)
}

function equal(key: string, value: Json): Clause {
  const right = operand(value)
  return { text: `${key} = ${right.text}`, values: right.values }
}

function among(key: string, values: readonly Json[]): Clause {
  if (!Array.isArray(values)) throw malformed('`in` takes a list')
  const scalars = values.filter((value) => typeof value === 'string' || typeof value === 'number')
  const clauses = values
    .filter((value) => typeof value !== 'string' && typeof value !== 'number')
    .map((value) => equal(key, value))
  if (scalars.length > 0) {
    // One bound list, however long: SQLite takes 32,766 values at most.
    const list = `[${scalars.map(scalarText).join(',')}]`
    clauses.push({ text: `${key} in (select value from json_each(?))`, values: [list] })
  }
  return combine(clauses, 'or', nothing)
}

function beyond(key: string, operator: '<' | '>', value: number | string): Clause {
  if (typeof value !== 'number' && typeof value !== 'string') throw malformed('`lt` and `gt` take a number or a text')
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
  return { text: `m.type in ${types} and m.value = json_extract(?, '$')`, values: [scalarText(value)] }
}

function malformed(what: string): Problem {
  return new Problem('internal', `A filter of the store is malformed: ${what}.`)
}
