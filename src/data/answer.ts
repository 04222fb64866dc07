import type { Column, PageInfo, Slice } from '../pipeline/index.ts'
import type { CompressedForms } from './cache/compressed-forms.ts'
import type { CacheState, Timings } from './cache/wanted.ts'
import { type Explanation, explanationText } from './explain.ts'

/**
 * A data answer as ready bytes. `etag` names the bytes of the body; `ageMs` is how long ago its reading began. `forms` are absent when
 * the body is not worth compressing.
 */
export interface Answer {
  readonly body: Buffer
  readonly forms: CompressedForms | undefined
  readonly etag: string
  readonly dataVersion: string
  readonly cache: CacheState
  readonly ageMs: number
  readonly timings: Timings
  /** For requests that asked for one. */
  readonly explanation?: Explanation | undefined
}

interface Page {
  readonly offset: number
  readonly limit: number | null
}

/** The original's pagination fields. `total_rows` is only there when it is known; a page that ends at the total is the last one. */
export function paginationInfo(page: PageInfo, retrieved: number): object {
  const { offset, limit } = page
  const total = page.total ?? knownTotal(page, retrieved)
  const isLast = !page.truncated && (total === null ? limit === null || retrieved < limit : offset + retrieved >= total)
  const step = limit ?? retrieved
  const next: Page | null = isLast ? null : { offset: offset + retrieved, limit: step }
  const previous: Page | null = offset > 0 && limit !== null ? { offset: Math.max(offset - limit, 0), limit } : null
  return {
    parameters: { offset, limit },
    pagination_info:
      total === null
        ? { type: 'unknown_size', is_last_page: isLast }
        : { type: 'known_size', is_last_page: isLast, total_rows: total },
    next_page: next,
    previous_page: previous,
  }
}

/** A page that is not full ends the rows, unless it is empty: then the offset may lie far behind the end. */
function knownTotal({ offset, limit, truncated }: PageInfo, retrieved: number): number | null {
  if (truncated || (limit !== null && retrieved >= limit)) return null
  return retrieved > 0 || offset === 0 ? offset + retrieved : null
}

/**
 * The body of a data answer: an envelope around the engine's bytes, joined and never parsed. `restricted` tells that rules limited
 * the rows (never by how many).
 */
export function presentSlice(slice: Slice, about: { dataVersion: string; restricted: boolean }): Buffer {
  const columns: readonly Column[] = slice.columns.map(({ name, type }) => ({ name, type }))
  const tail = JSON.stringify({
    columns,
    pagination_info: paginationInfo(slice.page, slice.count),
    truncated: slice.page.truncated,
    data_version: about.dataVersion,
    restricted: about.restricted,
  })
  return Buffer.concat([Buffer.from('{"data":'), slice.rows, Buffer.from(`,${tail.slice(1)}`)])
}

/** A body with its explanation behind the rest. The rows are not looked at: the bytes of an answer end with those of its envelope. */
export function withExplanation(body: Buffer, explanation: Explanation): Buffer {
  const tail = `,"explain":${explanationText(explanation)}}`
  return Buffer.concat([body.subarray(0, -1), Buffer.from(tail)])
}
