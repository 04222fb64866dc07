import type { Problem } from '../../base/index.ts'
import { changedMeanwhile, checkId, isId, taken, tooDeep } from '../document.ts'
import type { Collection, Filter, Stored } from '../port.ts'
import type { Failure } from './commit.ts'
import type { Bound, Sqlite } from './database.ts'
import { idKey, toText } from './document-text.ts'
import { compileFilter } from './filter.ts'
import { createReading, stored, translated } from './reading.ts'
import { problemOf } from './storage-failed.ts'
import type { Writer } from './writer.ts'

export interface TableDeps {
  /** Gives the open database, or refuses after the store was closed. */
  readonly db: () => Sqlite
  readonly writer: Writer
}

export interface Table {
  readonly collection: string
  /** Its name in SQL. */
  readonly table: string
  /** By the name of the index that keeps them unique. */
  readonly uniqueFields: ReadonlyMap<string, string>
  /** Of this process, through whatever collection. */
  readonly writes: { count: number }
}

/** So many expired documents go at once: more would hold up the event loop. */
const mostDropped = 1000

/** Removes everything that matches. */
type Drop = (filter: Filter) => Promise<void>

interface Documents<T extends { readonly id: string }> {
  readonly collection: Collection<T>
  readonly drop: Drop
}

/** The documents of a table that is there. */
export function createDocuments<T extends { readonly id: string }>(deps: TableDeps, at: Table): Documents<T> {
  const { db, writer } = deps
  const { collection, table, writes } = at
  const written = createWriting(deps, at)
  const { get, find, count } = createReading<T>(db, table)

  async function insert(doc: T): Promise<Stored<T>> {
    checkId(doc, collection)
    const [key, text] = [idKey(doc.id), toText(doc)]
    await written(`insert into ${table} (id, version, doc) values (?, 1, ?)`, [key, text])
    return stored<T>([1, text])
  }

  async function replace(doc: T, ifVersion: number): Promise<Stored<T>> {
    checkId(doc, collection)
    const { id } = doc
    const text = toText(doc)
    const sql = `update ${table} set version = version + 1, doc = ? where id = ? and version = ?`
    const changed = await written(sql, [text, idKey(id), ifVersion])
    if (changed === 0) throw changedMeanwhile(collection, id)
    return stored<T>([ifVersion + 1, text])
  }

  async function remove(id: string, ifVersion?: number): Promise<boolean> {
    const condition = ifVersion === undefined ? '' : ' and version = ?'
    const values = ifVersion === undefined ? [idKey(id)] : [idKey(id), ifVersion]
    if ((await written(`delete from ${table} where id = ?${condition}`, values)) > 0) return true
    if (ifVersion !== undefined && translated(() => get(id)) !== null) throw changedMeanwhile(collection, id)
    return false
  }

  const documents: Collection<T> = {
    get: async (id) => (isId(id) ? translated(() => get(id)) : null),
    find: async (filter, options = {}) => translated(() => find(filter, options)),
    insert,
    replace,
    remove: async (id, ifVersion) => isId(id) && remove(id, ifVersion),
    count: async (filter) => translated(() => count(filter)),
    changes: () => writes.count + writer.foreignChanges(),
  }
  return { collection: documents, drop: createDrop(deps, at) }
}

function createDrop(deps: TableDeps, at: Table): Drop {
  const written = createWriting(deps, at)
  return async (filter) => {
    const { text, values } = compileFilter(filter)
    const some = `select id from ${at.table} where ${text} limit ${mostDropped}`
    while ((await written(`delete from ${at.table} where id in (${some})`, values)) === mostDropped);
  }
}

/** Runs a statement that writes, counts it, and turns SQLite's errors into ours. Answers how many rows it changed. */
function createWriting({ db, writer }: TableDeps, at: Table) {
  // Also after an error: it may not tell whether something was written.
  const settled = () => {
    at.writes.count++
  }
  return async (sql: string, values: readonly Bound[]): Promise<number> => {
    db()
    const outcome = await writer.write({ sql, values }, settled)
    if (typeof outcome === 'number') return outcome
    throw brokenConstraint(outcome, at) ?? problemOf(outcome, outcome)
  }
}

function brokenConstraint({ code, message }: Failure, { collection, uniqueFields }: Table): Problem | undefined {
  if (code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return taken(collection, 'id')
  if (code === 'SQLITE_CONSTRAINT_CHECK') return tooDeep()
  if (code !== 'SQLITE_CONSTRAINT_UNIQUE') return undefined
  const index = /index '(\w+)'/.exec(message)?.[1] ?? ''
  return taken(collection, uniqueFields.get(index) ?? 'value')
}
