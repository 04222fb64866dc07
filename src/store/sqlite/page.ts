import { pageOf, unknownPlace } from '../page.ts'
import type { FindOptions } from '../port.ts'
import type { Sqlite } from './database.ts'
import { idKey } from './document-text.ts'
import { keyOf } from './field-key.ts'
import { type Clause, everything } from './filter.ts'

export interface PageClause {
  readonly after: Clause
  /** The text behind `order by`. */
  readonly order: string
  /** −1: all. */
  readonly limit: number
}

/** Errors: `invalid_request` when the document that ended the page before is gone and its place is unknown. */
export function pageClause(db: Sqlite, table: string, options: FindOptions): PageClause {
  const { field, descending, limit = -1, after } = pageOf(options)
  const direction = descending ? 'desc' : 'asc'
  if (field === 'id') return { after: afterId(after, descending), order: `id ${direction}`, limit }
  const key = keyOf(field)
  const start = after === undefined ? everything : afterDocument(db, { table, key, after, descending })
  return { after: start, order: `${key} ${direction}, id asc`, limit }
}

function afterId(after: string | undefined, descending: boolean): Clause {
  if (after === undefined) return everything
  return { text: `id ${descending ? '<' : '>'} ?`, values: [idKey(after)] }
}

interface Place {
  readonly table: string
  readonly key: string
  readonly after: string
  readonly descending: boolean
}

function afterDocument(db: Sqlite, { table, key, after, descending }: Place): Clause {
  const id = idKey(after)
  if (!db.get(`select 1 from ${table} where id = ?`, [id])) throw unknownPlace()
  const place = `(select ${key} from ${table} where id = ?)`
  const beyond = descending ? '<' : '>'
  // The first half follows from the second; it is there for the planner, which starts an index only at a plain comparison.
  return { text: `(${key} ${beyond}= ${place} and (${key} ${beyond} ${place} or id > ?))`, values: [id, id, id] }
}
