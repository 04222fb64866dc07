import { describe, expect, it } from 'vitest'
import { paginationInfo, presentSlice } from './answer.ts'

describe('paginationInfo', () => {
  const page = (offset: number, limit: number | null) => ({ offset, limit })
  const unknown = (last: boolean) => ({ type: 'unknown_size', is_last_page: last })
  const known = (total: number, last: boolean) => ({ type: 'known_size', is_last_page: last, total_rows: total })
  const cases: [number, number | null, number, number | null, unknown, unknown, unknown][] = [
    [0, null, 5, null, known(5, true), null, null],
    [0, null, 0, null, known(0, true), null, null],
    [0, 10, 10, null, unknown(false), page(10, 10), null],
    [10, 10, 3, null, known(13, true), null, page(0, 10)],
    [20, 10, 0, null, unknown(true), null, page(10, 10)],
    [5, 10, 10, 15, known(15, true), null, page(0, 10)],
    [5, 10, 10, 16, known(16, false), page(15, 10), page(0, 10)],
    [0, 10, 10, 10, known(10, true), null, null],
  ]
  it.each(cases)('offset %s, limit %s, %s rows of %s', (...[offset, limit, retrieved, total, info, next, previous]) => {
    expect(paginationInfo({ offset, limit, total, truncated: false }, retrieved)).toEqual({
      parameters: { offset, limit },
      pagination_info: info,
      next_page: next,
      previous_page: previous,
    })
  })

  it('never calls a page that was cut the last one', () => {
    expect(paginationInfo({ offset: 0, limit: null, total: null, truncated: true }, 3)).toMatchObject({
      pagination_info: { type: 'unknown_size', is_last_page: false },
      next_page: { offset: 3, limit: 3 },
    })
  })
})

it('joins an envelope and the bytes of the engine', () => {
  const slice = {
    columns: [{ name: 'a"b', type: 'integer', id: 'c0' } as const],
    rows: Buffer.from('[{"a\\"b":1}]'),
    count: 1,
    page: { offset: 0, limit: 10, total: 1, truncated: false },
    stats: { compile: 0, execute: 0 },
  }
  expect(JSON.parse(presentSlice(slice, { dataVersion: 'v', restricted: true }).toString())).toEqual({
    data: [{ 'a"b': 1 }],
    columns: [{ name: 'a"b', type: 'integer' }],
    pagination_info: {
      parameters: { offset: 0, limit: 10 },
      pagination_info: { type: 'known_size', is_last_page: true, total_rows: 1 },
      next_page: null,
      previous_page: null,
    },
    truncated: false,
    data_version: 'v',
    restricted: true,
  })
})
