import { Problem } from '../base/index.ts'
import { isId } from './document.ts'
import type { FindOptions } from './port.ts'

/** Which part of a search, in which order; checked. */
export interface Page {
  readonly field: string
  readonly descending: boolean
  /** Undefined: all. */
  readonly limit: number | undefined
  readonly after: string | undefined
}

/**
 * A page starts where the last document of the one before stands now, so pages neither repeat nor miss a document that stays as it is.
 * Errors: `invalid_request` when that cannot be the id of a document, `internal` for a limit or an order that is none.
 */
export function pageOf({ sort, limit, after }: FindOptions): Page {
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 0)) {
    throw new Problem('internal', `A search was limited to ${limit} documents.`)
  }
  if (sort !== undefined && sort.order !== 'asc' && sort.order !== 'desc') {
    throw new Problem('internal', `A search was sorted "${String(sort.order)}".`)
  }
  if (after !== undefined && !isId(after)) throw unknownPlace()
  return { field: sort?.field ?? 'id', descending: sort?.order === 'desc', limit, after }
}

export function unknownPlace(): Problem {
  return new Problem(
    'invalid_request',
    'The document that ended the page before is gone. Start again at the first page.',
  )
}
