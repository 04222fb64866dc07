import type { Filter, FindOptions, Stored } from '../port.ts'
import type { Row, Sqlite } from './database.ts'
import { fromText, idKey } from './document-text.ts'
import { both, compileFilter, everything } from './filter.ts'
import { pageClause } from './page.ts'
import { storageFailed } from './storage-failed.ts'

/** Reads of a table. `db` gives the open database, or refuses. Errors: SQLite's. */
export function createReading<T>(db: () => Sqlite, table: string) {
  return {
    get(id: string): Stored<T> | null {
      const row = db().get(`select version, doc from ${table} where id = ?`, [idKey(id)])
      return row === undefined ? null : stored<T>(row)
    },
    find(filter: Filter | undefined, options: FindOptions): Stored<T>[] {
      const where = filter === undefined ? everything : compileFilter(filter)
      const page = pageClause(db(), table, options)
      const { text, values } = both(where, page.after)
      const sql = `select version, doc from ${table} where ${text} order by ${page.order} limit ?`
      return db()
        .all(sql, [...values, page.limit])
        .map(stored<T>)
    },
    count(filter?: Filter): number {
      const where = filter === undefined ? everything : compileFilter(filter)
      return Number(db().get(`select count(*) from ${table} where ${where.text}`, where.values)?.[0])
    },
  }
}

/** That the document has the collection's type is the promise of the one file that writes the collection. */
export function stored<T>(row: Row): Stored<T> {
  return { version: Number(row[0]), doc: fromText(String(row[1])) as T }
}

/** Runs it and turns SQLite's errors into ours. */
export function translated<R>(run: () => R): R {
  try {
    return run()
  } catch (error) {
    throw storageFailed(error)
  }
}
