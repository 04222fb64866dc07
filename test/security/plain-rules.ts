/**
 * Row security a second time, as plainly as it can be said: `permissions.md` over lists of rows, without a word of the program's own
 * reading of rules. What the program answers is compared with what is left here.
 */
export type Cell = null | boolean | number | bigint | string | Date
export type CellType = 'integer' | 'number' | 'text' | 'boolean' | 'date'

export interface PlainTable {
  readonly columns: readonly { readonly name: string; readonly type: CellType }[]
  readonly rows: readonly (readonly Cell[])[]
}

export type RawCondition =
  | { readonly and: readonly RawCondition[] }
  | { readonly or: readonly RawCondition[] }
  | { readonly column: string; readonly operator: string; readonly value?: unknown }

export interface RawRecord {
  readonly scope: 'DEFAULT' | 'ALL_USERS' | 'USER_GROUP'
  readonly group?: string
  readonly effect: 'SEE_ALL' | 'SEE_NOTHING' | 'CUSTOM'
  readonly condition?: RawCondition
  readonly columns?: {
    readonly hide?: readonly string[]
    readonly mask?: { readonly [column: string]: string | number | boolean | null }
  }
}

export interface PlainUser {
  readonly username: string
  readonly groups: readonly string[]
  readonly attributes: { readonly [name: string]: unknown }
  /** Contributes to the app, and asks for its staging. */
  readonly buildsStaging?: boolean
  /** Contributes to the app, and asks for its production. */
  readonly buildsProduction?: boolean
}

/** What is left of a table for somebody. `unset`: what a domain without any record shows. */
export function seenBy(
  user: PlainUser,
  table: PlainTable,
  { records, unset }: { records: readonly RawRecord[]; unset: 'allow' | 'deny' },
): PlainTable {
  if (user.buildsStaging) return table
  if (records.length === 0) return unset === 'allow' ? table : { ...table, rows: [] }
  const about = records.filter(
    (record) => record.scope === 'ALL_USERS' || (record.scope === 'USER_GROUP' && user.groups.includes(record.group!)),
  )
  const deciding = about.length > 0 ? about : records.filter((record) => record.scope === 'DEFAULT')
  const rows = table.rows.filter((row) => deciding.some((record) => shows(record, { row, table, user })))
  return withoutColumns({ ...table, rows }, deciding)
}

function withoutColumns(table: PlainTable, deciding: readonly RawRecord[]): PlainTable {
  const hidden = new Set(deciding.flatMap((record) => record.columns?.hide ?? []))
  const masks = new Map<string, Cell[]>()
  for (const record of deciding) {
    for (const [name, value] of Object.entries(record.columns?.mask ?? {})) {
      masks.set(name, [...(masks.get(name) ?? []), value])
    }
  }
  const kept = table.columns.map((_, index) => index).filter((index) => !hidden.has(table.columns[index]!.name))
  return {
    columns: kept.map((index) => table.columns[index]!),
    rows: table.rows.map((row) =>
      kept.map((index) => {
        const { name, type } = table.columns[index]!
        const values = masks.get(name)
        return values ? shownInstead(values, type) : row[index]!
      }),
    ),
  }
}

function shownInstead([first = null, ...others]: readonly Cell[], type: CellType): Cell {
  if (others.some((other) => other !== first)) return null
  if (type === 'text') return typeof first === 'string' ? first : null
  if (type === 'boolean') return typeof first === 'boolean' ? first : null
  if (type === 'number') return typeof first === 'number' ? first : null
  return type === 'integer' && Number.isInteger(first) ? first : null
}

interface Asked {
  readonly row: readonly Cell[]
  readonly table: PlainTable
  readonly user: PlainUser
}

/** The columns that rules name. */
export function columnsOf(records: readonly RawRecord[]): Set<string> {
  const within = (condition: RawCondition): string[] => {
    if ('and' in condition) return condition.and.flatMap(within)
    return 'or' in condition ? condition.or.flatMap(within) : [condition.column]
  }
  return new Set(records.flatMap(({ condition }) => (condition ? within(condition) : [])))
}

function shows({ effect, condition }: RawRecord, asked: Asked): boolean {
  if (effect === 'SEE_ALL') return true
  return effect === 'CUSTOM' && condition !== undefined && holds(condition, asked)
}

function holds(condition: RawCondition, asked: Asked): boolean {
  if ('and' in condition) return condition.and.every((member) => holds(member, asked))
  if ('or' in condition) return condition.or.some((member) => holds(member, asked))
  const { column, operator, value } = condition
  const index = asked.table.columns.findIndex(({ name }) => name === column)
  if (index === -1) throw new Error(`the case has a rule on "${column}", which is not there`)
  const cell = asked.row[index]!
  const { type } = asked.table.columns[index]!
  if (operator === 'isnull') return cell === null
  if (operator === 'notnull') return cell !== null
  if (operator === 'in' || operator === 'nin') {
    const items = listOf(value, asked.user)
    return items !== denies && items.some((item) => equal(cell, item, type)) === (operator === 'in')
  }
  if (operator === 'matches' || operator === 'notmatches') {
    const pattern = rendered(String(value), asked.user, quoted)
    if (typeof pattern !== 'string' && typeof pattern !== 'number') return false
    const searched = type === 'text' || type === 'integer' || type === 'number'
    const found = searched && cell !== null && new RegExp(String(pattern), 'u').test(String(cell))
    return found === (operator === 'matches')
  }
  const wanted = rendered(value, asked.user, asIs)
  if (wanted === denies || (typeof wanted === 'object' && wanted !== null)) return false
  return compares(cell, { operator, type, wanted: wanted as Cell })
}

function compares(cell: Cell, { operator, type, wanted }: { operator: string; type: CellType; wanted: Cell }): boolean {
  if (operator === 'eq') return equal(cell, wanted, type)
  if (operator === 'ne') return !equal(cell, wanted, type)
  const other = likeColumn(wanted, type)
  if (cell === null || other === null || other === undefined) return false
  const order = orderOf(cell, other)
  if (operator === 'lt') return order < 0
  if (operator === 'le') return order <= 0
  return operator === 'gt' ? order > 0 : order >= 0
}

function equal(cell: Cell, wanted: Cell, type: CellType): boolean {
  if (cell === null || wanted === null) return cell === wanted
  const other = likeColumn(wanted, type)
  return other !== undefined && other !== null && orderOf(cell, other) === 0
}

/** Undefined: of another type, so that it is equal to nothing. */
function likeColumn(wanted: Cell, type: CellType): Cell | undefined {
  if (wanted === null) return null
  if (type === 'integer') {
    if (typeof wanted === 'number') return wanted
    // Whole numbers that JSON cannot hold come and go as texts.
    return typeof wanted === 'string' && /^-?[1-9]\d{15,18}$/.test(wanted) && !Number.isSafeInteger(Number(wanted))
      ? BigInt(wanted)
      : undefined
  }
  if (type === 'number') return typeof wanted === 'number' ? wanted : undefined
  if (type === 'boolean') return typeof wanted === 'boolean' ? wanted : undefined
  if (typeof wanted !== 'string') return undefined
  if (type === 'text') return wanted
  return /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?Z)?$/.test(wanted) ? new Date(wanted) : undefined
}

function orderOf(a: Exclude<Cell, null>, b: Exclude<Cell, null>): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b))
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime()
  return a < b ? -1 : a > b ? 1 : 0
}

const denies = Symbol('denies')

function listOf(value: unknown, user: PlainUser): Cell[] | typeof denies {
  const items: Cell[] = []
  for (const item of Array.isArray(value) ? value : [value]) {
    const found = rendered(item, user, asIs)
    if (found === denies) return denies
    if (!Array.isArray(found)) {
      if (typeof found === 'object' && found !== null) return denies
      items.push(found as Cell)
      continue
    }
    if (found.length === 0) return denies
    for (const inner of found) {
      if (inner === null || inner === '' || typeof inner === 'object') return denies
      items.push(inner as Cell)
    }
  }
  return items
}

type Change = (value: unknown) => unknown
const asIs: Change = (value) => value
const quoted: Change = (value) =>
  typeof value === 'string' ? value.replace(/[\\^$.*+?()[\]{}|]/g, (char) => `\\${char}`) : value

/** A value of a rule with what it says of the user filled in, in the few forms that these tests write. */
function rendered(value: unknown, user: PlainUser, change: Change): unknown {
  if (typeof value !== 'string' || !value.includes('{{')) return value
  const alone = /^\{\{([^}]*)\}\}$/.exec(value)
  if (alone) return known(alone[1]!, user, change)
  let missing = false
  const text = value.replace(/\{\{([^}]*)\}\}/g, (_, path: string) => {
    const found = known(path, user, change)
    if (found === denies || typeof found === 'object') missing = true
    return String(found)
  })
  return missing ? denies : text
}

function known(path: string, user: PlainUser, change: Change): unknown {
  const names = path.trim().split('.')
  let found: unknown = names.shift() === 'user' ? user : undefined
  for (const name of names) {
    const isOpen = typeof found === 'object' && found !== null && !Array.isArray(found) && Object.hasOwn(found, name)
    found = isOpen ? (found as Record<string, unknown>)[name] : undefined
  }
  return found === undefined || found === null || found === '' ? denies : change(found)
}
