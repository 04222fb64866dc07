import { describe, expect, it } from 'vitest'
import { rowOrder } from './row-order.ts'

const sort = { name: 'sort', columns: [{ column: 'k', order: 'asc' }] }

describe('rowOrder', () => {
  it.each<[string, readonly unknown[], ReturnType<typeof rowOrder>]>([
    ['no step', [{ name: 'domain', domain: 'in' }], null],
    ['a sort', [sort], { ties: ['k'] }],
    [
      'steps that keep rows in place',
      [sort, { name: 'filter', condition: {} }, { name: 'join', on: [] }],
      { ties: ['k'] },
    ],
    ['a rename of the column', [sort, { name: 'rename', to_rename: [['k', 'l']] }], { ties: ['l'] }],
    ['a rename in the older form', [sort, { name: 'rename', oldname: 'k', newname: 'l' }], { ties: ['l'] }],
    ['a step that writes over the column', [sort, { name: 'formula', new_column: 'k', formula: '1' }], { ties: null }],
    ['a step that writes another column', [sort, { name: 'formula', new_column: 'l', formula: '1' }], { ties: ['k'] }],
    ['an aggregation', [{ name: 'aggregate', on: ['g'], aggregations: [] }], { ties: ['g'] }],
    [
      'an aggregation beside the rows',
      [sort, { name: 'aggregate', on: ['g'], keepOriginalGranularity: true }],
      { ties: ['k'] },
    ],
    [
      'an aggregation beside rows without order',
      [{ name: 'aggregate', on: [], keep_original_granularity: true }],
      null,
    ],
    ['a top', [{ name: 'top', rank_on: 'v', groups: ['g'] }], { ties: ['g', 'v'] }],
    ['a rank with its default name', [{ name: 'rank', value_col: 'v' }], { ties: ['v_RANK'] }],
    ['an append after a sort', [sort, { name: 'append', pipelines: [] }], null],
    ['a sort after an append', [{ name: 'append', pipelines: [] }, sort], { ties: ['k'] }],
    ['a waterfall', [{ name: 'waterfall' }], { ties: null }],
  ])('after %s', (_, steps, order) => {
    expect(rowOrder(steps)).toEqual(order)
  })
})
