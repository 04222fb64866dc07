import { Problem } from '../../base/index.ts'
import type { FindOptions } from '../port.ts'
import type { Sqlite } from './database.ts'
import { idKey, isId } from './document-text.ts'
import { keyOf } from './field-key.ts'
import { type Clause, everything } from './filter.ts'

export interface Page {
  readonly after: Clause
  /** The text behind `order by`. */
  readonly order: string
  /** −1: all. */
  readonly limit: number
}

/**
 * Which part of a search, in which order. A page starts where the last document of the one before stands now, so pages neither
 * repeat nor miss a document that stays as it is. Errors: `invalid_request` when that document is gone and its place is unknown.
 */
export function pageClause(db: Sqlite, table: string, options: FindOptions): Page {
  const { sort, limit = -1, after } = options
  if (!Number.isSafeInteger(limit) || (options.limit !== undefined && limit < 0)) {
    throw new Problem('internal', `A search was limited to ${limit} documents.`)
  }
  if (sort !== undefined && sort.order !== 'asc' && sort.order !== 'desc') {
    throw new Problem('internal', `A search was sorted "${String(sort.order)}".`)
  }
  const descending = sort?.order === 'desc'
  if (sort === undefined || sort.field === 'id') {
    return { after: afterId(after, descending), order: `id ${descending ? 'desc' : 'asc'}`, limit }
  }
  const key = keyOf(sort.field)
  const start = after === undefined ? everything : afterDocument(db, { table, key, after, descending })
  return { after: start, order: `${key} ${sort.order}, id asc`, limit }
}

function afterId(after: string | undefined, descending: boolean): Clause {
  if (after === undefined) return everything
  if (!isId(after)) throw unknownPlace()
  return { text: `id ${descending ? '<' : '>'} ?`, values: [idKey(after)] }
}

interface Place {
  readonly table: string
  readonly key: string
  readonly after: string
  readonly descending: boolean
}

function afterDocument(db: Sqlite, { table, key, after, descending }: Place): Clause {
  if (!isId(after) || !db.get(`select 1 from ${table} where id = ?`, [idKey(after)])) throw unknownPlace()
  const place = `(select ${key} from ${table} where id = ?)`
  const beyond = descending ? '<' : '>'
  const id = idKey(after)
  // The first half follows from the second; it is there for the planner, which starts an index only at a plain comparison.
  return { text: `(${key} ${beyond}= ${place} and (${key} ${beyond} ${place} or id > ?))`, values: [id, id, id] }
}

function unknownPlace(): Problem {
  return new Problem(
    'invalid_request',
    'The document that ended the page before is gone. Start again at the first page.',
  )
}
