import { type Json, Problem } from '../base/index.ts'
import type { Filter } from './port.ts'

/** What a database makes of the grammar of filters: `C` is a condition there. Values come checked. */
export interface FilterDialect<C> {
  readonly everything: C
  readonly nothing: C
  /** At least two. */
  both(kind: 'and' | 'or', conditions: readonly C[]): C
  /** Errors: `internal` when it is no field. */
  on(field: string): FieldDialect<C>
}

export interface FieldDialect<C> {
  equal(value: Json): C
  unequal(value: Json): C
  among(values: readonly Json[]): C
  beyond(side: 'lt' | 'gt', value: number | string): C
  exists(exists: boolean): C
  contains(value: Json): C
}

/** Deeper than any filter that makes sense, and far from every database's own bound. */
const deepest = 50

/** Errors: `internal` when it is not a filter of the grammar, as with a value that is `undefined`: that must never match all. */
export function compileWith<C>(dialect: FilterDialect<C>, filter: Filter, depth = 0): C {
  if (depth > deepest) throw malformed(`nested deeper than ${deepest} levels`)
  if (typeof filter !== 'object' || filter === null) throw malformed('not an object')
  const members = Object.keys(filter).length
  if (!('and' in filter || 'or' in filter)) {
    if (members !== 2) throw malformed('not one field and one comparison')
    return compileLeaf(dialect, filter)
  }
  if (members !== 1) throw malformed('more than one of its kinds at once')
  const [kind, filters] = 'and' in filter ? (['and', filter.and] as const) : (['or', filter.or] as const)
  if (!Array.isArray(filters)) throw malformed('`and` and `or` take a list')
  const conditions = filters.map((part) => compileWith(dialect, part, depth + 1))
  const [first] = conditions
  if (first === undefined) return kind === 'and' ? dialect.everything : dialect.nothing
  return conditions.length === 1 ? first : dialect.both(kind, conditions)
}

type Leaf = Exclude<Filter, { readonly and: unknown } | { readonly or: unknown }>

function compileLeaf<C>(dialect: FilterDialect<C>, filter: Leaf): C {
  const field = dialect.on(filter.field)
  if ('eq' in filter) return field.equal(checked(filter.eq))
  if ('ne' in filter) return field.unequal(checked(filter.ne))
  if ('contains' in filter) return field.contains(checked(filter.contains))
  if ('lt' in filter) return field.beyond('lt', ordered(filter.lt))
  if ('gt' in filter) return field.beyond('gt', ordered(filter.gt))
  if ('exists' in filter && typeof filter.exists === 'boolean') return field.exists(filter.exists)
  if (!('in' in filter)) throw malformed('without a comparison')
  if (!Array.isArray(filter.in)) throw malformed('`in` takes a list')
  return field.among(filter.in.map(checked))
}

function checked(value: Json): Json {
  const isScalar = value === null || ['boolean', 'string', 'object'].includes(typeof value)
  if (isScalar || Number.isFinite(value)) return value
  throw malformed(`${String(value)} is no value of JSON`)
}

function ordered(value: number | string): number | string {
  if (typeof value === 'string' || Number.isFinite(value)) return value
  throw malformed('`lt` and `gt` take a number or a text')
}

function malformed(what: string): Problem {
  return new Problem('internal', `A filter of the store is malformed: ${what}.`)
}
