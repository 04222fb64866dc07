import { it } from 'vitest'
import { memoryTables } from '../../../test/builders/memory-tables.ts'
import { mongoTables } from '../../../test/builders/mongo-tables.ts'

const tables = {
  sales: {
    columns: { id: 'integer', city: 'text', amount: 'number', units: 'integer', day: 'date', open: 'boolean' },
    rows: [
      [1, 'Lyon', 10, 1, new Date('2024-01-01T10:00:00Z'), true],
      [2, null, 5, null, new Date('2024-01-03'), null],
      [3, 'Paris', null, 3, new Date('2024-01-02'), false],
      [4, 'Lyon', 10, 4, null, true],
      [5, null, null, null, new Date('2024-01-01'), null],
      [6, 'Paris', 2.5, 3, new Date('2024-01-02'), true],
    ],
  },
  cities: {
    columns: { city: 'text', country: 'text', id: 'integer' },
    rows: [
      ['Paris', 'FR', 100],
      ['Lyon', 'FR', 101],
      [null, 'XX', 102],
      ['Rome', 'IT', 103],
      ['Paris', 'US', 104],
    ],
  },
} as const
const d = { name: 'domain', domain: 'sales' }
const fns = ['sum', 'avg', 'min', 'max', 'count', 'count distinct', 'count distinct including empty', 'first', 'last']
const aggs = (fs: string[], c: string) => fs.map((f) => ({ aggfunction: f, newcolumns: [f], columns: [c] }))
const pipelines = [
  [d],
  [
    d,
    {
      name: 'sort',
      columns: [
        { column: 'city', order: 'asc' },
        { column: 'amount', order: 'desc' },
      ],
    },
  ],
  [d, { name: 'top', rank_on: 'amount', sort: 'asc', limit: 3 }],
  [d, { name: 'top', rank_on: 'amount', sort: 'desc', limit: 1, groups: ['city'] }],
  [d, { name: 'aggregate', on: ['city'], aggregations: aggs(fns, 'units') }],
  [d, { name: 'aggregate', on: [], aggregations: aggs(fns, 'amount') }],
  [d, { name: 'aggregate', on: ['city', 'open'], aggregations: aggs(fns.slice(2), 'day') }],
  [d, { name: 'aggregate', on: ['city'], keep_original_granularity: true, aggregations: aggs(fns, 'units') }],
  [d, { name: 'aggregate', on: [], keep_original_granularity: true, aggregations: aggs(fns, 'units') }],
  [d, { name: 'formula', new_column: 'x', formula: '-(id + units) * 2 / (units - 3) % 2' }],
  [d, { name: 'formula', new_column: 'city', formula: 'city + "$x"' }],
  ...['left', 'inner', 'full outer'].map((type) => [
    d,
    { name: 'join', type, right_pipeline: 'cities', on: [['city', 'city']] },
  ]),
  [d, { name: 'filter', condition: { column: 'city', operator: 'matches', value: '^P' } }],
]
it('agrees', async () => {
  const duck = await memoryTables(tables as never)
  const mongo = mongoTables(tables as never)
  for (const p of pipelines) {
    const a = await duck.ask(p)
    let b: unknown
    try {
      b = mongo.ask(p)
    } catch (e) {
      b = e
    }
    if (JSON.stringify(a) !== JSON.stringify(b))
      console.log(
        JSON.stringify(p),
        '\n',
        JSON.stringify(a),
        '\n',
        b instanceof Error ? b : JSON.stringify(b),
        '\n',
        JSON.stringify(mongo.compile(p).stages, (_, v) => (typeof v === 'bigint' ? String(v) : v)),
      )
  }
})
