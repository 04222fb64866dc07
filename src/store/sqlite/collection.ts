import { Problem } from '../../base/index.ts'
import type { Collection, CollectionSpec, Filter, FindOptions, Stored } from '../port.ts'
import { type Row, type Sqlite, sqliteCode, storageFailed } from './database.ts'
import { fromText, idKey, isId, tooDeep, toText } from './document-text.ts'
import { tableOf } from './field-key.ts'
import { both, compileFilter, everything } from './filter.ts'
import { pageClause } from './page.ts'
import { prepareCollection } from './schema.ts'

/**
 * A collection in a table of its own. `db` gives the open database, or refuses after the store was closed; `foreignChanges` counts
 * the writes of other programs.
 */
export function createCollection<T extends { readonly id: string }>(
  { db, foreignChanges }: { db: () => Sqlite; foreignChanges: () => number },
  spec: CollectionSpec,
): Collection<T> {
  const table = tableOf(spec.name)
  const uniqueFields = translated(() => prepareCollection(db(), spec))

  const get = (id: string): Stored<T> | null => {
    const row = db().get(`select version, doc from ${table} where id = ?`, [idKey(id)])
    return row === undefined ? null : stored<T>(row)
  }

  function insert(doc: T): Stored<T> {
    const text = checkedText(doc, spec.name)
    db().run(`insert into ${table} (id, version, doc) values (?, 1, ?)`, [idKey(doc.id), text])
    return stored<T>([1, text])
  }

  function replace(doc: T, ifVersion: number): Stored<T> {
    const text = checkedText(doc, spec.name)
    const sql = `update ${table} set version = version + 1, doc = ? where id = ? and version = ?`
    if (db().run(sql, [text, idKey(doc.id), ifVersion]) === 0) throw changedMeanwhile(spec.name, doc.id)
    return stored<T>([ifVersion + 1, text])
  }

  function remove(id: string, ifVersion?: number): boolean {
    if (ifVersion === undefined) return db().run(`delete from ${table} where id = ?`, [idKey(id)]) > 0
    if (db().run(`delete from ${table} where id = ? and version = ?`, [idKey(id), ifVersion]) > 0) return true
    if (get(id) !== null) throw changedMeanwhile(spec.name, id)
    return false
  }

  function find(filter: Filter | undefined, options: FindOptions): Stored<T>[] {
    const where = filter === undefined ? everything : compileFilter(filter)
    const page = pageClause(db(), table, options)
    const { text, values } = both(where, page.after)
    const sql = `select version, doc from ${table} where ${text} order by ${page.order} limit ?`
    return db()
      .all(sql, [...values, page.limit])
      .map(stored<T>)
  }

  function count(filter?: Filter): number {
    const where = filter === undefined ? everything : compileFilter(filter)
    return Number(db().get(`select count(*) from ${table} where ${where.text}`, where.values)?.[0])
  }

  const writing = { collection: spec.name, uniqueFields }

  const { written, count: ownChanges } = countedWrites(writing)
  return {
    get: async (id) => (isId(id) ? translated(() => get(id)) : null),
    find: async (filter, options = {}) => translated(() => find(filter, options)),
    insert: async (doc) => written(() => insert(doc)),
    replace: async (doc, ifVersion) => written(() => replace(doc, ifVersion)),
    remove: async (id, ifVersion) => isId(id) && written(() => remove(id, ifVersion)),
    count: async (filter) => translated(() => count(filter)),
    changes: () => ownChanges() + foreignChanges(),
  }
}

interface Writing {
  readonly collection: string
  /** By the name of the index that keeps them unique. */
  readonly uniqueFields: ReadonlyMap<string, string>
}

/** Counts the writes of this process. Exact, since a write and its count are one turn of the event loop. */
function countedWrites(writing: Writing) {
  let writes = 0
  return {
    count: () => writes,
    written<R>(write: () => R): R {
      try {
        return translated(write, writing)
      } finally {
        // Also after an error: it may not tell whether something was written.
        writes++
      }
    },
  }
}

/** Runs it and turns SQLite's errors into ours. */
function translated<R>(run: () => R, writing?: Writing): R {
  try {
    return run()
  } catch (error) {
    throw (writing && brokenConstraint(error, writing)) ?? storageFailed(error)
  }
}

function brokenConstraint(error: unknown, { collection, uniqueFields }: Writing): Problem | undefined {
  const code = sqliteCode(error)
  if (code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return new Problem('conflict', `This id is taken in "${collection}".`)
  if (code === 'SQLITE_CONSTRAINT_CHECK') return tooDeep()
  if (code !== 'SQLITE_CONSTRAINT_UNIQUE') return undefined
  const index = /index '(\w+)'/.exec(error instanceof Error ? error.message : '')?.[1] ?? ''
  return new Problem('conflict', `This "${uniqueFields.get(index) ?? 'value'}" is taken in "${collection}".`)
}

function changedMeanwhile(collection: string, id: string): Problem {
  return new Problem('precondition_failed', `"${id}" in "${collection}" was changed or removed meanwhile.`)
}

function checkedText(doc: { readonly id: string }, collection: string): string {
  if (isId(doc.id)) return toText(doc)
  throw new Problem('invalid_request', `An id in "${collection}" must have 1 to 1000 characters of valid Unicode.`)
}

/** That the document has the collection's type is the promise of the one file that writes the collection. */
function stored<T>(row: Row): Stored<T> {
  return { version: Number(row[0]), doc: fromText(String(row[1])) as T }
}
