import { describe, expect, it } from 'vitest'
import type { Answer, PaginationInfo, Row } from './api/types.ts'
import { pageOf, totalOf } from './pagination.ts'

const rows = (count: number): Row[] => Array.from({ length: count }, (_, n) => ({ n }))

function answer(data: readonly Row[], info: PaginationInfo): Answer {
  return { data, columns: [], pagination_info: info, truncated: false, data_version: 'v' }
}

const middle = answer(rows(50), {
  parameters: { offset: 50, limit: 50 },
  pagination_info: { type: 'known_size', total_rows: 1495, is_last_page: false },
  next_page: { offset: 100, limit: 50 },
  previous_page: { offset: 0, limit: 50 },
})

describe('pageOf', () => {
  it('tells where the page lies and where the others are', () => {
    expect(pageOf(middle, 50)).toEqual({
      total: 1495,
      words: 'Rows 51 to 100 of 1,495',
      next: { offset: 100, limit: 50 },
      previous: { offset: 0, limit: 50 },
    })
  })

  it('offers nothing behind the last page, even where the answer names a next one', () => {
    const last = answer(rows(2), {
      parameters: { offset: 50, limit: 50 },
      pagination_info: { type: 'known_size', total_rows: 52, is_last_page: true },
      next_page: { offset: 52, limit: 50 },
      previous_page: { offset: 0, limit: 50 },
    })
    expect(pageOf(last, 50)).toMatchObject({ words: 'Rows 51 to 52 of 52', next: null })
  })

  it('does not make up a total', () => {
    const unknown = answer(rows(50), {
      parameters: { offset: 0, limit: 50 },
      pagination_info: { type: 'unknown_size', is_last_page: false },
      next_page: { offset: 50, limit: null },
      previous_page: null,
    })
    expect(pageOf(unknown, 50)).toEqual({
      total: null,
      words: 'Rows 1 to 50',
      next: { offset: 50, limit: 50 },
      previous: null,
    })
  })

  it('says so when there is nothing', () => {
    const nothing = answer([], {
      parameters: { offset: 0, limit: 50 },
      pagination_info: { type: 'known_size', total_rows: 0, is_last_page: true },
      next_page: null,
      previous_page: null,
    })
    expect(pageOf(nothing, 50)).toEqual({ total: 0, words: 'No rows', next: null, previous: null })
  })
})

describe('totalOf', () => {
  it('is the total of the query, not the rows of the page', () => {
    expect(totalOf(middle)).toBe(1495)
  })
})
