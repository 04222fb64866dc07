import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aShop, ask, expectNothingLearned, expectRefused, rowsOf, type Shop } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await aShop()
})
afterAll(() => shop.close())

const of = (domain: string, ...stages: unknown[]) => [{ $match: { domain } }, ...stages]
const match = (condition: Record<string, unknown>, domain = 'sales') => of(domain, { $match: condition })
const found = async (condition: Record<string, unknown>, domain = 'sales') =>
  rowsOf(shop.french, match(condition, domain))

/** Ways to ask whether a hidden salary is what one thinks, each with a guess that is right and one that is wrong. */
async function expectNoOracle(
  ways: readonly ((value: unknown) => Record<string, unknown>)[],
  [right, wrong]: unknown[],
) {
  for (const way of ways) {
    const [yes, no] = [
      await ask(shop.french, match(way(right), 'salaries')),
      await ask(shop.french, match(way(wrong), 'salaries')),
    ]
    expectNothingLearned(yes)
    expect([yes.status, yes.body.data]).toEqual([no.status, no.body.data])
  }
}

describe('native queries of MongoDB', () => {
  it('GHSA-72hp (parse-server): a hidden column inside $or, $and, $nor, $not and $expr tells nothing', async () => {
    await expectNoOracle(
      [
        (salary) => ({ salary }),
        (salary) => ({ $or: [{ salary }] }),
        (salary) => ({ $and: [{ $or: [{ salary }, { team: 'x' }] }] }),
        (salary) => ({ $nor: [{ salary }] }),
        (salary) => ({ salary: { $not: { $eq: salary } } }),
        (salary) => ({ $expr: { $eq: ['$salary', salary] } }),
        (salary) => ({ $expr: { $eq: [{ $getField: 'salary' }, salary] } }),
        (salary) => ({ $expr: { $eq: [{ $getField: { field: 'salary', input: '$$ROOT' } }, salary] } }),
        (salary) => ({ $expr: { $in: [salary, { $map: { input: { $objectToArray: '$$ROOT' }, in: '$$this.v' } }] } }),
      ],
      [314159, 1],
    )
    expect(await found({ $or: [{ team: 'tea' }, { team: 'x' }] }, 'salaries')).toHaveLength(1)
  })

  it('GHSA-mmg8 (parse-server): an array-like object is no list', async () => {
    for (const operator of ['$or', '$and', '$nor']) {
      expectRefused(await ask(shop.french, match({ [operator]: { 0: { salary: 314159 }, length: 1 } }, 'salaries')))
      expectRefused(await ask(shop.french, match({ [operator]: { 0: { country: 'IT' }, length: 1 } })))
    }
    expectRefused(await ask(shop.french, match({ country: { $in: { 0: 'IT', length: 1 } } })))
    expectRefused(await ask(shop.french, { 0: { $match: { domain: 'sales' } }, length: 1 }))
    expect(await found({ $or: [{ product: 'tea' }] })).toHaveLength(1)
  })

  it('GHSA-j7mm (parse-server): a dot path or a pattern on a hidden column tells nothing', async () => {
    await expectNoOracle(
      [
        (text) => ({ salary: { $regex: text } }),
        (text) => ({ name: { $regex: text } }),
        (text) => ({ 'name.': text }),
        (text) => ({ 'name.0': text }),
        (text) => ({ '$$ROOT.name': text }),
        (text) => ({ $expr: { $regexMatch: { input: '$name', regex: text } } }),
      ],
      ['^A', '^Z'],
    )
    expect(await found({ team: { $regex: '^te' } }, 'salaries')).toHaveLength(1)
  })

  it('CVE-2022-36079 (parse-server#8143): internal fields are no constraints', async () => {
    for (const field of ['_id', '_version', '_rows', 'rowid', 'c0', 'c1', '__v', '_hashed_password', 'domain.x']) {
      const [some, none] = [await ask(shop.french, match({ [field]: { $exists: true } })), await found({ $nor: [{}] })]
      expectNothingLearned(some)
      if (some.status === 200) expect(some.body.data).toEqual(none)
      const condition = { column: field, operator: 'notnull' }
      expectRefused(await ask(shop.french, { domain: 'sales', pipeline: [{ name: 'filter', condition }] }), 400)
    }
    expect(await found({ country: { $exists: true } })).toHaveLength(2)
  })

  it('parse-server#8144: a masked value cannot be guessed letter by letter', async () => {
    for (const guess of ['^A', '^Ann$', '^B', '.*nn']) {
      const condition = { column: 'name', operator: 'matches', value: guess }
      expect(await rowsOf(shop.french, { domain: 'salaries', pipeline: [{ name: 'filter', condition }] })).toEqual([])
    }
    const star = { column: 'name', operator: 'matches', value: '^\\*' }
    expect(
      await rowsOf(shop.french, { domain: 'salaries', pipeline: [{ name: 'filter', condition: star }] }),
    ).toHaveLength(2)
  })

  it('toucan (the rule is AND-ed with the first $match only): sub-pipelines read other domains with their rules', async () => {
    const reaches = [
      { $lookup: { from: 'sales', localField: 'code', foreignField: 'country', as: 'x' } },
      { $lookup: { from: 'sales', pipeline: [], as: 'x' } },
      {
        $lookup: {
          from: 'sales',
          let: { c: '$code' },
          pipeline: [{ $match: { $expr: { $ne: ['$country', '$$c'] } } }],
          as: 'x',
        },
      },
      { $lookup: { from: 'countries', pipeline: [{ $unionWith: { coll: 'sales', pipeline: [] } }], as: 'x' } },
      { $unionWith: 'sales' },
      { $unionWith: { coll: 'sales', pipeline: [{ $match: { country: { $ne: 'FR' } } }] } },
      { $unionWith: { coll: 'countries', pipeline: [{ $lookup: { from: 'sales', pipeline: [], as: 'x' } }] } },
      {
        $graphLookup: {
          from: 'sales',
          startWith: '$code',
          connectFromField: 'country',
          connectToField: 'country',
          as: 'x',
        },
      },
      { $facet: { x: [{ $unionWith: 'sales' }], y: [{ $lookup: { from: 'vault', pipeline: [], as: 'x' } }] } },
      { $facet: { x: [{ $unionWith: 'vault' }] } },
    ]
    for (const stage of reaches) expectNothingLearned(await ask(shop.french, of('countries', stage)))
    const own = of('countries', { $unionWith: 'sales' }, { $match: { product: { $exists: true } } }, { $count: 'n' })
    expect(await rowsOf(shop.french, own)).toEqual([{ n: 2 }])
    expect(await rowsOf(shop.boss, own)).toEqual([{ n: 4 }])
  })

  it('toucan (a pipeline without $match in front has no rule): no first stage takes the place of the rule', async () => {
    const shapes = [
      { $group: { _id: null, all: { $push: '$product' }, total: { $sum: '$amount' } } },
      { $project: { product: 1, amount: 1 } },
      { $match: { $or: [{}, { country: 'IT' }] } },
      { $match: { country: { $ne: 'FR' } } },
      { $match: { $nor: [{ country: 'FR' }] } },
      { $facet: { all: [{ $match: {} }] } },
      { $replaceRoot: { newRoot: { country: 'FR', was: '$$ROOT' } } },
      { $set: { country: 'FR' } },
    ]
    for (const stage of shapes) {
      const answer = await ask(shop.french, of('sales', stage))
      expectNothingLearned(answer)
      expect(answer.status, JSON.stringify(answer.body)).toBe(200)
      expectRefused(await ask(shop.french, [stage, { $match: { domain: 'sales' } }]), 400)
    }
    expect(await rowsOf(shop.french, of('sales', { $group: { _id: null, n: { $sum: '$amount' } } }))).toEqual([
      { _id: null, n: 3 },
    ])
    expect(await rowsOf(shop.bare, of('sales', { $group: { _id: null, n: { $sum: '$amount' } } }))).toEqual([])
  })

  it('toucan (operators from outside): stages that write or run code are refused at any depth', async () => {
    const inside = (stage: unknown) => [
      of('sales', stage),
      of('sales', { $facet: { x: [stage] } }),
      of('sales', { $lookup: { from: 'countries', pipeline: [stage], as: 'x' } }),
      of('sales', { $unionWith: { coll: 'countries', pipeline: [stage] } }),
    ]
    const stages = [
      { $out: 'sales' },
      { $merge: { into: 'sales' } },
      { $match: { $where: 'true' } },
      { $match: { $expr: { $function: { body: 'return 1', args: [], lang: 'js' } } } },
      { $group: { _id: null, x: { $accumulator: { init: 'x', lang: 'js' } } } },
      { $currentOp: {} },
      { $collStats: {} },
      { $indexStats: {} },
      { $listSessions: {} },
    ]
    for (const stage of stages) for (const query of inside(stage)) expectRefused(await ask(shop.french, query), 400)
    for (const query of inside({ $match: { country: 'FR' } })) expect((await ask(shop.french, query)).status).toBe(200)
    for (const parameters of [{ p: { $ne: null } }, { p: { $gt: '' } }, { p: { $regex: '.*' } }]) {
      const pipeline = [{ name: 'custom', query: '[{"$match": {"product": "{{ p }}"}}]' }]
      expectRefused(await ask(shop.french, { domain: 'sales', pipeline, parameters }), 400)
      const condition = { column: 'product', operator: 'eq', value: '{{ p }}' }
      const filter = { name: 'filter', condition }
      expectRefused(await ask(shop.french, { domain: 'sales', pipeline: [filter], parameters }), 400)
    }
  })
})
