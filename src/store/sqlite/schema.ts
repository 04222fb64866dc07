import { Problem, sha256 } from '../../base/index.ts'
import { notUnique } from '../document.ts'
import type { CollectionSpec } from '../port.ts'
import { type Sqlite, sqliteCode } from './database.ts'
import { keyOf, nullKey, tableOf } from './field-key.ts'
import { inTransaction } from './transaction.ts'

/** The form of the tables. A program that changes it raises the number and brings the step from the one before. */
const format = 1

/** Makes or checks the table `meta`. Errors: `storage_failed` for a database of a newer program, or of another one. */
export function checkFormat(db: Sqlite): void {
  if (db.get("select 1 from sqlite_master where name = 'meta'", []) === undefined) {
    if (db.get('select 1 from sqlite_master', []) !== undefined) throw foreign()
    inTransaction(db, () => {
      db.exec('create table meta (name text primary key, value integer not null)')
      db.run("insert into meta values ('format', ?)", [format])
    })
  }
  const found = formatOf(db)
  if (typeof found !== 'number') throw foreign()
  if (found > format) {
    throw new Problem(
      'storage_failed',
      `The store has format ${found}, and this program knows formats up to ${format}: a newer program wrote it. ` +
        'Start that program, or put back a backup from before the upgrade.',
    )
  }
}

function formatOf(db: Sqlite): unknown {
  try {
    return db.get("select value from meta where name = 'format'", [])?.[0]
  } catch (error) {
    if (sqliteCode(error) === 'SQLITE_ERROR') throw foreign()
    throw error
  }
}

function foreign(): Problem {
  return new Problem('storage_failed', 'The file store.sqlite belongs to another program. Choose another home.')
}

/**
 * Makes the table and the indexes of a collection, and drops the indexes that its spec no longer names. Answers the unique
 * fields by the name of their index.
 */
export function prepareCollection(db: Sqlite, spec: CollectionSpec): ReadonlyMap<string, string> {
  const table = tableOf(spec.name)
  const unique = (spec.unique ?? []).map((field) => uniqueIndex(table, field))
  // A unique index lacks the nulls, so searches and sorting need the plain one as well.
  const searched = new Set([...(spec.unique ?? []), ...(spec.indexes ?? []), ...(spec.expires ? [spec.expires] : [])])
  const plain = [...searched].filter((field) => field !== 'id').map((field) => plainIndex(table, field))
  makeTable(db, spec.name)
  reconcileIndexes(db, { table, collection: spec.name, wanted: [...unique, ...plain] })
  return new Map(unique.map(({ name, field }) => [name, field]))
}

/** Makes the table of a collection where there is none, and leaves its indexes as they are. */
export function makeTable(db: Sqlite, collection: string): void {
  db.exec(
    // `id` has no type: with one, SQLite would take the number 5 in a filter for the text "5".
    // The check keeps out what its JSON functions cannot read again: one such document would break every search.
    `create table if not exists ${tableOf(collection)} ` +
      '(id not null primary key, version integer not null, doc text not null check (json_valid(doc)))',
  )
}

interface Index {
  readonly name: string
  readonly field: string
  readonly sql: string
}

interface Reconciling {
  readonly table: string
  readonly collection: string
  readonly wanted: readonly Index[]
}

function reconcileIndexes(db: Sqlite, { table, collection, wanted }: Reconciling): void {
  const existing = db
    .all("select name from sqlite_master where type = 'index' and sql is not null and tbl_name = ?", [
      table.slice(1, -1),
    ])
    .map(([name]) => String(name))
  const missing = wanted.filter(({ name }) => !existing.includes(name))
  const dropped = existing.filter((name) => !wanted.some((index) => index.name === name))
  if (missing.length + dropped.length === 0) return
  inTransaction(db, () => {
    for (const name of dropped) db.exec(`drop index "${name}"`)
    for (const { sql } of missing) createIndex(db, sql, collection)
  })
}

function createIndex(db: Sqlite, sql: string, collection: string): void {
  try {
    db.exec(sql)
  } catch (cause) {
    if (sqliteCode(cause) !== 'SQLITE_CONSTRAINT_UNIQUE') throw cause
    throw notUnique(collection, cause)
  }
}

/** Nulls never equal each other in a unique index: documents without the field do not count. */
function uniqueIndex(table: string, field: string): Index {
  return namedIndex('create unique index', field, `${table} (nullif(${keyOf(field)}, ${nullKey}))`)
}

function plainIndex(table: string, field: string): Index {
  return namedIndex('create index', field, `${table} (${keyOf(field)}, id)`)
}

/** Named by what it is, so that an index that should now be another one has another name. */
function namedIndex(create: string, field: string, on: string): Index {
  const name = `i_${sha256(`${create} ${on}`).slice(0, 24)}`
  return { name, field, sql: `${create} "${name}" on ${on}` }
}
