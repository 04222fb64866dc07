import { describe, expect, it } from 'vitest'
import type { Answer, Column } from './api/types.ts'
import { filterValueSteps, filterValues } from './filter-values.ts'

const columns: Column[] = [
  { name: 'state', type: 'text' },
  { name: 'rows', type: 'integer' },
]

function answer(data: Answer['data']): Answer {
  return {
    data,
    columns: [],
    pagination_info: {
      parameters: { offset: 0, limit: 500 },
      pagination_info: { type: 'known_size', total_rows: data.length, is_last_page: true },
      next_page: null,
      previous_page: null,
    },
    truncated: false,
    data_version: 'v',
  }
}

describe('the values of the filter', () => {
  it('counts under a name that the domain does not use', () => {
    expect(filterValueSteps('state', columns)[0]).toMatchObject({ aggregations: [{ newcolumns: ['rows_'] }] })
  })

  it('offers all rows first, then each value with its count and condition', () => {
    const values = filterValues('state', columns, answer([{ state: 'Ohio', rows_: 1234 }]))
    expect(values).toEqual([
      { id: 'all', label: 'All', condition: null },
      { id: 'is:Ohio', label: 'Ohio (1,234)', condition: { column: 'state', operator: 'eq', value: 'Ohio' } },
    ])
  })

  it('tells no value from the texts "all", "none" and ""', () => {
    const data = [null, 'all', 'none', ''].map((state) => ({ state, rows_: 1 }))
    const ids = filterValues('state', columns, answer(data)).map(({ id }) => id)
    expect(new Set(ids).size).toBe(5)
  })
})
