import type { Answer, Slice, SliceInfo } from './api/types.ts'
import { formatCount } from './format.ts'

/** What a table says and offers about the page of rows that it shows. */
export interface Page {
  /** All rows that the query has; null where the source cannot tell. */
  readonly total: number | null
  readonly words: string
  readonly next: Slice | null
  readonly previous: Slice | null
}

export function pageOf(answer: Answer, limit: number): Page {
  const { parameters, pagination_info: info, next_page, previous_page } = answer.pagination_info
  const total = info.type === 'known_size' ? info.total_rows : null
  return {
    total,
    words: pageWords(parameters.offset, answer.data.length, total),
    next: info.is_last_page ? null : sliceOf(next_page, limit),
    previous: sliceOf(previous_page, limit),
  }
}

/** Rows of the answer's query; where the source cannot tell, the rows that came. */
export function totalOf(answer: Answer): number {
  return pageOf(answer, 1).total ?? answer.data.length
}

function sliceOf(info: SliceInfo | null, limit: number): Slice | null {
  return info === null ? null : { offset: info.offset, limit: info.limit ?? limit }
}

function pageWords(offset: number, rows: number, total: number | null): string {
  if (rows === 0) return 'No rows'
  const range = `Rows ${formatCount(offset + 1)} to ${formatCount(offset + rows)}`
  return total === null ? range : `${range} of ${formatCount(total)}`
}
