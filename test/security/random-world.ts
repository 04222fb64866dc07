import type { Choices } from './choices.ts'
import type { Cell, CellType, PlainTable, PlainUser, RawCondition, RawRecord } from './plain-rules.ts'

/** The first is in every table and never kept back, so that something is always left. */
const firstColumn = 'id'
const names = ['país', '日本 語', 'a "b"', '😀', 'Ünï', 'select', '$where', "o'x", 'constructor', 'País', 'n']
const types: readonly CellType[] = ['integer', 'number', 'text', 'boolean', 'date']

/** Few of each, so that there are ties; sums of the fractions are exact. */
const cells: { readonly [T in CellType]: readonly Cell[] } = {
  integer: [0, 1, 2, 3, -1, 10, 9_007_199_254_740_993n, -9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
  number: [0, 0.25, -0.5, 1, 2, 1000.75],
  text: ['', 'a', 'b', 'A', 'FR', 'IT', 'été', '日本', 'a b', '😀', 'FR.*', '1', "'; --"],
  boolean: [true, false],
  date: ['2024-02-28', '2024-02-29', '2024-02-29T13:00:00Z', '1969-12-31T23:59:59.999Z'].map((text) => new Date(text)),
}

export function randomTable(choices: Choices, rows: readonly Choices[]): PlainTable {
  const chosen = choices.some(names, 35).slice(0, 5)
  const columns = [
    { name: firstColumn, type: choices.pick(['integer', 'text'] as const) },
    ...(chosen.length > 1 ? chosen : ['país', 'n']).map((name) => ({ name, type: choices.pick(types) })),
  ]
  // Few different values in a column, so that rules and groups find several rows.
  const pools = columns.map(({ type }) => [1, 2, 3].map(() => choices.pick(cells[type])))
  return { columns, rows: rows.map((row) => pools.map((pool) => (row.chance(15) ? null : row.pick(pool)))) }
}

const groups = ['north', 'sud', '東'] as const
const attributeNames = ['country', 'level', 'list', 'odd'] as const

const attributes: { readonly [N in (typeof attributeNames)[number]]: readonly unknown[] } = {
  country: ['FR', 'IT', 'a', 'été', '日本', 'FR.*', '', null, '2024-02-29'],
  level: [0, 1, 2, 0.25, 10, -1, '1', '9007199254740993', true, null],
  list: [['FR', 'IT'], ['a'], [1, 2], ['FR', null], [], [['FR']], ['FR', ''], 'FR', [true]],
  odd: [{ country: 'FR' }, '.*', true, false, '😀', '', null, 'a b', "'; --"],
}

export function randomUser(choices: Choices): PlainUser {
  const given = choices.some(attributeNames, 75).map((name) => [name, choices.pick(attributes[name])])
  return {
    username: choices.pick(['a', 'FR', 'zoé']),
    groups: choices.some(groups, 45),
    attributes: Object.fromEntries(given),
    ...(choices.chance(6) && { buildsStaging: true }),
  }
}

const templates = [
  '{{ user.attributes.country }}',
  '{{user.attributes.level}}',
  '{{ user.attributes.list }}',
  '{{ user.attributes.odd }}',
  '{{ user.attributes.odd.country }}',
  '{{ user.attributes.missing }}',
  '{{ user.attributes.constructor }}',
  '{{ user.groups }}',
  '{{ user.username }}',
  // What a request brings along is nothing to a rule.
  '{{ country }}',
  'a{{ user.attributes.odd }}',
  '{{ user.attributes.country }} {{ user.attributes.level }}',
]
const patterns = [
  'a',
  '^F',
  'R$',
  '.',
  '[^a]',
  '^$',
  '1',
  'a b',
  '{{ user.attributes.country }}',
  '^{{ user.attributes.odd }}$',
  '{{ user.attributes.level }}',
  '{{ user.attributes.missing }}',
]
const operators = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'in', 'nin', 'matches', 'notmatches', 'isnull', 'notnull']

/** A cell as JSON has it. */
export function asJson(cell: Cell): null | boolean | number | string {
  if (cell instanceof Date) return cell.toISOString()
  return typeof cell === 'bigint' ? String(cell) : cell
}

function leaf(choices: Choices, { columns, rows }: PlainTable): RawCondition {
  const index = choices.pick(columns.map((_, at) => at))
  const { name: column } = columns[index]!
  const found = rows.length > 0 ? rows.map((row) => row[index] ?? null) : [null]
  const operator = choices.pick(operators)
  if (operator.endsWith('null')) return { column, operator }
  if (operator.endsWith('matches')) return { column, operator, value: choices.pick(patterns) }
  const value = () => {
    if (choices.chance(35)) return choices.pick(templates)
    return asJson(choices.chance(85) ? choices.pick(found) : choices.pick(cells[choices.pick(types)]))
  }
  if (operator !== 'in' && operator !== 'nin') return { column, operator, value: value() }
  if (choices.chance(30)) return { column, operator, value: choices.pick(templates) }
  return { column, operator, value: choices.some([1, 2, 3], 60).map(value) }
}

function condition(choices: Choices, table: PlainTable, depth: number): RawCondition {
  if (depth <= 1 || choices.chance(35)) return leaf(choices, table)
  const members = choices.pick([[1], [1, 2], [1, 2, 3]]).map(() => condition(choices, table, depth - 1))
  return choices.chance(30) ? { and: members } : { or: members }
}

function effect(choices: Choices, table: PlainTable): Pick<RawRecord, 'effect' | 'condition' | 'columns'> {
  // No record can name a column without a name, which steps can make.
  const kept = table.columns.filter(({ name }) => name !== firstColumn && name !== '')
  const kind = choices.pick([
    'CUSTOM',
    'CUSTOM',
    'CUSTOM',
    'CUSTOM',
    'CUSTOM',
    'CUSTOM',
    'CUSTOM',
    'SEE_ALL',
    'SEE_ALL',
    'SEE_NOTHING',
  ] as const)
  const hide = choices.some(kept, 15).map(({ name }) => name)
  const masked = choices.some(kept, 25).filter(({ name }) => !hide.includes(name))
  const mask = masked.map(({ name }) => [name, choices.pick(['***', '***', 0, 0.5, true, null])])
  return {
    effect: kind,
    ...(kind === 'CUSTOM' && { condition: condition(choices, table, 4) }),
    ...(choices.chance(25) && { columns: { hide, mask: Object.fromEntries(mask) } }),
  }
}

export function randomRecords(choices: Choices, table: PlainTable): RawRecord[] {
  if (choices.chance(8)) return []
  const records: RawRecord[] = choices
    .some(groups, 45)
    .map((group) => ({ scope: 'USER_GROUP', group, ...effect(choices, table) }))
  if (choices.chance(35)) records.push({ scope: 'ALL_USERS', ...effect(choices, table) })
  if (choices.chance(75)) records.push({ scope: 'DEFAULT', ...effect(choices, table) })
  return records
}
