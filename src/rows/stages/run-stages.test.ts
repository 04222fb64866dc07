import { afterAll, expect, it } from 'vitest'
import type { Batch } from '../../pipeline/index.ts'
import { createStagesRunner } from './run-stages.ts'

const runner = createStagesRunner()
afterAll(() => runner.close())

async function* batches(rows: Batch['rows']): AsyncGenerator<Batch> {
  yield { columns: [{ name: 'n', type: 'integer' }], rows: [] }
  yield { columns: [{ name: 'n', type: 'integer' }], rows }
}
const never = new AbortController().signal
const run = (stages: unknown[], options: { rows?: Batch['rows']; signal?: AbortSignal; maxRows?: number } = {}) => {
  const { rows = [[1], [2]], signal = never, maxRows = 100 } = options
  return runner.run({ stages: JSON.stringify(stages), input: batches(rows), others: new Map(), maxRows }, signal)
}
const endless = {
  $project: { n: { $size: { $map: { input: { $range: [0, 50_000_000] }, in: { $add: ['$$this', 1] } } } } },
}

it('keeps values as they are: dates, integers beyond those of JavaScript, nulls', async () => {
  const day = new Date('2024-02-29T00:00:00Z')
  const big = 9_007_199_254_740_993n
  const input = batches([[big], [null]])
  const others = new Map([['days', batches([])]])
  expect(await runner.run({ stages: '[]', input, others, maxRows: 9 }, never)).toEqual([{ n: big }, { n: null }])
  expect(await run([{ $set: { day: { $date: day.toISOString() } } }, { $limit: 1 }])).toEqual([{ n: 1, day }])
})

it('is stopped when its time is up, whatever it does, and the next query runs', async () => {
  const started = performance.now()
  await expect(run([endless], { signal: AbortSignal.timeout(1500) })).rejects.toMatchObject({ code: 'query_timeout' })
  expect(performance.now() - started).toBeLessThan(10_000)
  const left = new AbortController()
  const leaving = run([endless], { signal: left.signal })
  left.abort()
  await expect(leaving).rejects.toMatchObject({ code: 'cancelled' })
  expect(await run([{ $match: { n: 2 } }])).toEqual([{ n: 2 }])
})

it('refuses more rows than it may hold, read or given', async () => {
  await expect(run([], { maxRows: 1 })).rejects.toMatchObject({ code: 'too_many_rows' })
  const many = [{ $set: { a: { $range: [0, 50] } } }, { $unwind: '$a' }]
  await expect(run(many, { maxRows: 60 })).rejects.toMatchObject({ code: 'too_many_rows' })
})

it('keeps nothing of one query for the next one', async () => {
  const others = new Map([['x', batches([[1]])]])
  for (const as of ['__proto__.left', 'constructor.prototype.left']) {
    const stages = JSON.stringify([{ $lookup: { from: 'x', localField: 'n', foreignField: 'n', as } }])
    await runner.run({ stages, input: batches([[1]]), others, maxRows: 9 }, never).catch(() => {})
    const pairs = [['__proto__', { left: 1 }]]
    await run([{ $set: { a: { $arrayToObject: { $literal: pairs } } } }]).catch(() => {})
    expect(await run([{ $project: { left: { $ifNull: ['$left', 'nothing'] } } }, { $limit: 1 }])).toEqual([
      { left: 'nothing' },
    ])
  }
})

it.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty', 'n'])(
  'looks at a column that is called %s',
  async (name) => {
    async function* input(): AsyncGenerator<Batch> {
      yield { columns: [{ name, type: 'integer' }], rows: [[1], [null], [3]] }
    }
    const ask = (stages: unknown[]) =>
      runner.run({ stages: JSON.stringify(stages), input: input(), others: new Map(), maxRows: 9 }, never)
    expect(await ask([{ $match: { [name]: null } }])).toEqual([{ [name]: null }])
    expect(await ask([{ $match: { $and: [{ [name]: { $gt: 1 } }] } }])).toEqual([{ [name]: 3 }])
    expect(await ask([{ $sort: { [name]: -1 } }, { $limit: 1 }])).toEqual([{ [name]: 3 }])
    expect(await ask([{ $set: { [name]: 7 } }, { $limit: 1 }])).toEqual([{ [name]: 7 }])
    expect(await ask([{ $group: { _id: null, most: { $max: `$${name}` } } }])).toEqual([{ _id: null, most: 3 }])
  },
)

it('says what mingo says about stages that fail', async () => {
  await expect(run([{ $project: { a: { $dateToString: { date: 'x' } } } }])).rejects.toMatchObject({
    code: 'query_failed',
  })
})

it('runs the next query at once after one that failed, or gave too many rows', async () => {
  const signal = AbortSignal.timeout(5000)
  for (let times = 0; times < 3; times++) {
    await expect(run([{ $project: { a: { $divide: [1, 0] } } }], { signal })).rejects.toThrow('divide by zero')
    expect(await run([{ $match: { n: 2 } }], { signal })).toEqual([{ n: 2 }])
    await expect(run([{ $set: { a: [1, 2] } }, { $unwind: '$a' }], { signal, maxRows: 3 })).rejects.toMatchObject({
      code: 'too_many_rows',
    })
    expect(await run([{ $match: { n: 1 } }], { signal })).toEqual([{ n: 1 }])
  }
})
