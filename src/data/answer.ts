import type { Column, PageInfo, Slice } from '../pipeline/index.ts'

/** How the cache took part: `bypass` when the client asked for a fresh read or caching is off. */
export type CacheState = 'hit' | 'miss' | 'bypass'

/** Milliseconds by phase, for `Server-Timing`. Phases that did not run are absent. */
export type Timings = { readonly [phase: string]: number }

/** A data answer as ready bytes. `etag` names the bytes; `ageMs` is how long ago they were read from the engine. */
export interface Answer {
  readonly body: Buffer
  readonly etag: string
  readonly dataVersion: string
  readonly cache: CacheState
  readonly ageMs: number
  readonly timings: Timings
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
