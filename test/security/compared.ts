import { type Door, everybody, type Told, type World } from './door.ts'
import { columnsOf, type PlainTable, type PlainUser, type RawRecord, seenBy } from './plain-rules.ts'
import type { RandomRequest } from './random-pipeline.ts'

export interface Derived {
  readonly name: string
  /** Reads domains that are there without it. */
  readonly pipeline: readonly object[]
}

/** Domains with their rules, and what they hold when there are none. */
export interface Case {
  readonly world: World
  readonly plain: ReadonlyMap<string, PlainTable>
  readonly derived: readonly Derived[]
  readonly unset: 'allow' | 'deny'
}

/** A world in which everything may be seen, of the rows that somebody sees. */
export interface Narrowed {
  readonly open: World
  /** Domains that cannot be told of in this way: their rule names a column that they turn out not to have. */
  readonly unclear: readonly string[]
  /** Whether some rows of a table are seen, and not all. */
  readonly isPartial: boolean
}

/**
 * The world as it would be if somebody's rows were all the rows: every domain is a table of what that somebody sees, open to all. A derived
 * domain is made from these tables, and its own rule then applies to what it gives.
 */
export async function narrowed(door: Door, { world, plain, derived, unset }: Case, user: PlainUser): Promise<Narrowed> {
  const domains: Record<string, World['domains'][string]> = {}
  const names = Object.keys(world.domains)
  const records = Object.fromEntries(names.map((name): [string, readonly RawRecord[]] => [name, everybody]))
  const see = (name: string, table: PlainTable) => seenBy(user, table, { records: world.records[name] ?? [], unset })
  let isPartial = false
  const unclear: string[] = []
  for (const [name, table] of plain) {
    const seen = see(name, table)
    isPartial ||= seen.rows.length > 0 && seen.rows.length < table.rows.length
    // No table has no columns: such a domain is refused, and so is what is made of it (a fixed case shows it).
    if (seen.columns.length === 0) unclear.push(name, ...derived.map((one) => one.name))
    else domains[name] = await door.stored(seen)
  }
  for (const { name } of derived.filter((one) => !unclear.includes(one.name))) {
    const table = await door.plain({ ...domains, [name]: world.domains[name]! }, name, user)
    const seen = table && isClear(table, world.records[name] ?? []) ? see(name, table) : undefined
    if (seen && seen.columns.length > 0) domains[name] = await door.stored(seen)
    else if (table) unclear.push(name)
    // A pipeline that this somebody cannot run, such as one on a hidden column, is refused wherever it is read.
    else domains[name] = world.domains[name]!
  }
  return { open: { domains, records }, unclear, isPartial }
}

/** Whether a rule names only columns that are there, and whether a table can be made of them: a pivot of an empty text has a column without a name. */
function isClear({ columns }: PlainTable, records: readonly RawRecord[]): boolean {
  const names = new Set(columns.map(({ name }) => name))
  return columns.length > 0 && !names.has('') && [...columnsOf(records)].every((name) => names.has(name))
}

export function reads(request: RandomRequest, domain: string): boolean {
  // In a native query, it stands in a text inside of the text.
  return JSON.stringify(request).replaceAll('\\', '').includes(JSON.stringify(domain))
}

interface Compared {
  readonly world: World
  readonly open: World
  readonly user: PlainUser
  readonly request: RandomRequest
}

/** What somebody is told by a world, and by one of the rows that they see. */
export async function compared(
  door: Door,
  { world, open, user, request }: Compared,
): Promise<{ told: Told; expected: Told }> {
  return { told: await door.ask(world, user, request), expected: await door.ask(open, user, request) }
}
