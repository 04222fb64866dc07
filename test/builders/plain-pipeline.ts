import type { Value } from '../../src/pipeline/index.ts'

/**
 * The plainest reading of `pipeline.md` for ten steps: lists of objects and loops, sharing nothing with the room. Columns are integers
 * (`i…`) or texts (`t…`), which their names say.
 */
export type Row = Record<string, Value>
export interface Table {
  readonly names: readonly string[]
  readonly rows: readonly Row[]
}

export interface TestCondition {
  column: string
  operator: 'eq' | 'ne' | 'lt' | 'ge' | 'in' | 'nin'
  value: Value | Value[]
}

export type Domains = { readonly [name: string]: Table }

export type RandomStep =
  | {
      name: 'filter'
      condition: TestCondition
    }
  | { name: 'select' | 'delete'; columns: string[] }
  | { name: 'rename'; toRename: [string, string][] }
  | { name: 'sort'; columns: { column: string; order: 'asc' | 'desc' }[] }
  | { name: 'top'; rankOn: string; sort: 'asc' | 'desc'; limit: number; groups: string[] }
  | { name: 'formula'; newColumn: string; formula: string }
  | {
      name: 'aggregate'
      on: string[]
      keepOriginalGranularity: boolean
      aggregations: { newColumns: [string]; aggFunction: string; columns: [string] }[]
    }
  | { name: 'join'; rightPipeline: string; type: 'left' | 'inner' | 'full outer'; on: [string, string][] }

export function table(names: string[], rows: Value[][]): Table {
  return { names, rows: rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? null]))) }
}

/** What a pipeline gives that has to be refused. */
export const refused = Symbol('refused')

function need(input: Table, ...names: string[]): void {
  if (!names.every((name) => input.names.includes(name))) throw refused
}

export const isText = (name: string): boolean => name.startsWith('t')

/** Nulls last whichever the direction. */
function compare(a: Value | undefined, b: Value | undefined, descending = false): number {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1
  if (b === null || b === undefined) return -1
  const order = a < b ? -1 : a > b ? 1 : 0
  return descending ? -order : order
}

export function holds(row: Row, { column, operator, value: wanted }: TestCondition): boolean {
  const value = row[column] ?? null
  const text = isText(column)
  const same = (item: Value): boolean =>
    item === null ? value === null : typeof item === (text ? 'string' : 'number') && item === value
  const list = Array.isArray(wanted) ? wanted : [wanted]
  if (operator === 'eq' || operator === 'in') return list.some(same)
  if (operator === 'ne' || operator === 'nin') return !list.some(same)
  const [bound] = list
  if (value === null || bound === null || bound === undefined || typeof bound !== (text ? 'string' : 'number'))
    return false
  return operator === 'lt' ? value < bound : value >= bound
}

function groupsOf(input: Table, on: readonly string[]): { key: Row; rows: Row[] }[] {
  const groups = new Map<string, { key: Row; rows: Row[] }>()
  for (const row of input.rows) {
    const key = Object.fromEntries(on.map((name) => [name, row[name] ?? null]))
    const text = JSON.stringify(key)
    const group = groups.get(text) ?? { key, rows: [] }
    group.rows.push(row)
    groups.set(text, group)
  }
  if (on.length === 0 && groups.size === 0) return [{ key: {}, rows: [] }]
  return [...groups.values()].sort((a, b) => on.reduce((order, name) => order || compare(a.key[name], b.key[name]), 0))
}

function figure(kind: string, column: string, rows: readonly Row[]): Value {
  const values = rows.map((row) => row[column] ?? null).filter((value) => value !== null)
  const sorted = [...values].sort((a, b) => compare(a, b))
  if (kind === 'sum') return values.reduce<number>((sum, value) => sum + Number(value), 0)
  if (kind === 'count') return values.length
  if (kind === 'count distinct') return new Set(values).size
  if (kind === 'count distinct including empty') return new Set(rows.map((row) => row[column] ?? null)).size
  return { min: sorted[0], max: sorted.at(-1), first: values[0], last: values.at(-1) }[kind] ?? null
}

function aggregate(step: Extract<RandomStep, { name: 'aggregate' }>, input: Table): Table {
  const news = step.aggregations.map(({ newColumns: [name] }) => name)
  need(input, ...step.on, ...step.aggregations.map(({ columns: [name] }) => name))
  if (step.aggregations.some(({ aggFunction, columns: [name] }) => aggFunction === 'sum' && isText(name))) throw refused
  const on = [...new Set(step.on)]
  const all = step.keepOriginalGranularity ? news : [...on, ...news]
  if (new Set(all).size < all.length) throw refused
  const groups = groupsOf(input, on).map(({ key, rows }) => ({
    key,
    rows,
    figures: Object.fromEntries(
      step.aggregations.map(({ newColumns: [name], aggFunction, columns: [column] }) => [
        name,
        figure(aggFunction, column, rows),
      ]),
    ),
  }))
  if (!step.keepOriginalGranularity)
    return { names: all, rows: groups.map(({ key, figures }) => ({ ...key, ...figures })) }
  const names = [...new Set([...input.names, ...news])]
  return {
    names,
    rows: input.rows.map((row) => ({ ...row, ...groups.find(({ rows }) => rows.includes(row))?.figures })),
  }
}

function join(step: Extract<RandomStep, { name: 'join' }>, input: Table, domains: Domains): Table {
  const right = domains[step.rightPipeline] ?? table([], [])
  need(input, ...step.on.map(([name]) => name))
  need(right, ...step.on.map(([, name]) => name))
  const shared = step.on.filter(([a, b]) => a === b).map(([name]) => name)
  const names = [...input.names]
  const renamed = right.names
    .filter((name) => !shared.includes(name))
    .map((name) => {
      let free = name
      while (names.includes(free)) free += '_right'
      names.push(free)
      return [name, free] as const
    })
  const added = (row: Row | undefined): Row =>
    Object.fromEntries(renamed.map(([from, to]) => [to, row?.[from] ?? null]))
  const matches = (a: Row, b: Row): boolean =>
    step.on.every(([l, r]) => isText(l) === isText(r) && a[l] !== null && a[l] === b[r])
  const rows = input.rows.flatMap((row) => {
    const partners = right.rows.filter((other) => matches(row, other))
    if (partners.length > 0) return partners.map((other) => ({ ...row, ...added(other) }))
    return step.type === 'inner' ? [] : [{ ...row, ...added(undefined) }]
  })
  if (step.type !== 'full outer') return { names, rows }
  const lonely = right.rows.filter((other) => !input.rows.some((row) => matches(row, other)))
  const empty = Object.fromEntries(input.names.map((name) => [name, null]))
  return {
    names,
    rows: [
      ...rows,
      ...lonely.map((other) => ({
        ...empty,
        ...Object.fromEntries(shared.map((name) => [name, other[name] ?? null])),
        ...added(other),
      })),
    ],
  }
}

/** What one step makes of a table. Throws `refused`. Joins read the other tables by their names. */
export function apply(input: Table, step: RandomStep, domains: Domains): Table {
  switch (step.name) {
    case 'filter': {
      need(input, step.condition.column)
      return { ...input, rows: input.rows.filter((row) => holds(row, step.condition)) }
    }
    case 'select':
      need(input, ...step.columns)
      return { ...input, names: [...new Set(step.columns)] }
    case 'delete': {
      const names = input.names.filter((name) => !step.columns.includes(name))
      if (names.length === 0) throw refused
      return { ...input, names }
    }
    case 'rename': {
      need(input, ...step.toRename.map(([from]) => from))
      const to = new Map(step.toRename)
      const names = input.names.map((name) => to.get(name) ?? name)
      if (to.size < step.toRename.length || new Set(names).size < names.length) throw refused
      return {
        names,
        rows: input.rows.map((row) =>
          Object.fromEntries(input.names.map((name) => [to.get(name) ?? name, row[name] ?? null])),
        ),
      }
    }
    case 'sort':
      need(input, ...step.columns.map(({ column }) => column))
      return {
        ...input,
        rows: [...input.rows].sort((a, b) =>
          step.columns.reduce(
            (order, { column, order: way }) => order || compare(a[column], b[column], way === 'desc'),
            0,
          ),
        ),
      }
    case 'top': {
      need(input, ...step.groups, step.rankOn)
      const ranked = (rows: Row[]): Row[] =>
        [...rows].sort((a, b) => compare(a[step.rankOn], b[step.rankOn], step.sort === 'desc')).slice(0, step.limit)
      return { ...input, rows: groupsOf(input, step.groups).flatMap(({ rows }) => ranked(rows)) }
    }
    case 'formula': {
      const [left = '', right = ''] = step.formula.split(' + ')
      need(input, left, right)
      const sum = (a: Value | undefined, b: Value | undefined): Value =>
        a === null || b === null ? null : typeof a === 'string' ? a + String(b) : Number(a) + Number(b)
      return {
        names: [...new Set([...input.names, step.newColumn])],
        rows: input.rows.map((row) => ({ ...row, [step.newColumn]: sum(row[left], row[right]) })),
      }
    }
    case 'aggregate':
      return aggregate(step, input)
    case 'join':
      return join(step, input, domains)
  }
}
