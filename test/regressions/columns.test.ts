import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aShop, ask, custom, expectNothingLearned, expectRefused, rowsOf, type Shop, sum } from './shop.ts'

let shop: Shop
beforeAll(async () => {
  shop = await aShop()
})
afterAll(() => shop.close())

const salaries = (...pipeline: unknown[]) => ask(shop.french, { domain: 'salaries', pipeline })
const seen = (...pipeline: unknown[]) => rowsOf(shop.french, { domain: 'salaries', pipeline })
const formula = (text: string) => ({ name: 'formula', new_column: 'x', formula: text })

describe('hidden and masked columns', () => {
  it('lightdash#24709: a measure derived from a hidden column is refused', async () => {
    const derived = [
      [sum('salary')],
      [sum('salary', ['team'])],
      [formula('salary * 1')],
      [formula('[salary] + 0')],
      [{ name: 'duplicate', column: 'salary', new_column_name: 'x' }],
      [{ name: 'rename', toRename: [['salary', 'x']] }],
      [{ name: 'cumsum', toCumSum: [['salary', 'x']] }],
      [{ name: 'rank', valueCol: 'salary', order: 'desc', method: 'standard' }],
      [{ name: 'percentage', column: 'salary', newColumnName: 'x' }],
      [{ name: 'concatenate', columns: ['team', 'salary'], separator: '-', new_column_name: 'x' }],
      [{ name: 'convert', columns: ['salary'], data_type: 'text' }],
    ]
    for (const pipeline of derived) expectRefused(await salaries(...pipeline), 400)
    expect(await seen({ name: 'duplicate', column: 'team', new_column_name: 'x' })).toHaveLength(2)
  })

  it('lightdash#24709: a derived domain over a hidden column gives it to nobody who may not see it', async () => {
    await shop.domain('payroll', { kind: 'derived', pipeline: [{ name: 'domain', domain: 'salaries' }, sum('salary')] })
    expectRefused(await ask(shop.french, { domain: 'payroll', pipeline: [] }))
    await shop.domain('teams', { kind: 'derived', pipeline: [{ name: 'domain', domain: 'salaries' }] })
    expect(await rowsOf(shop.french, { domain: 'teams', pipeline: [] })).toEqual([
      { name: '***', team: 'tea' },
      { name: '***', team: 'jam' },
    ])
  })

  it('GHSA-7wq3 (directus): a hidden column is no filter, sort, group, search or key of a join', async () => {
    for (const pipeline of [
      [{ name: 'filter', condition: { column: 'salary', operator: 'gt', value: 300000 } }],
      [{ name: 'filter', condition: { or: [{ and: [{ column: 'salary', operator: 'eq', value: 1 }] }] } }],
      [{ name: 'filter', condition: { column: 'salary', operator: 'matches', value: '^3' } }],
      [{ name: 'sort', columns: [{ column: 'salary', order: 'desc' }] }],
      [{ name: 'top', rank_on: 'salary', sort: 'desc', limit: 1 }],
      [{ name: 'argmax', column: 'salary' }],
      [{ name: 'aggregate', on: ['salary'], aggregations: [] }],
      [{ name: 'uniquegroups', on: ['salary'] }],
      [{ name: 'select', columns: ['salary'] }],
      [{ name: 'join', right_pipeline: 'countries', type: 'left', on: [['salary', 'code']] }],
      [{ name: 'pivot', index: ['team'], column_to_pivot: 'salary', value_column: 'team', agg_function: 'count' }],
      [{ name: 'customsql', query: 'SELECT salary FROM ##PREVIOUS_STEP##' }],
    ]) {
      expectRefused(await salaries(...pipeline))
    }
    expectRefused(await shop.french.call('GET', '/shop/data/salaries/values/salary'), 400)
    expectRefused(await shop.french.call('GET', '/shop/data/salaries/values/salary?search=3141'), 400)
    expect(await seen({ name: 'sort', columns: [{ column: 'team', order: 'asc' }] })).toMatchObject([
      { team: 'jam' },
      { team: 'tea' },
    ])
  })

  it('GHSA-7wq3 (directus): it stays hidden as the right side of a join or an append', async () => {
    const right = [{ name: 'domain', domain: 'salaries' }]
    const joined = { name: 'join', right_pipeline: right, type: 'left', on: [['code', 'team']] }
    const append = { name: 'append', pipelines: [right] }
    for (const step of [joined, append]) {
      const answer = await ask(shop.french, { domain: 'countries', pipeline: [step] })
      expect(answer.status).toBe(200)
      expectNothingLearned(answer)
      expect(answer.body.columns.map(({ name }: { name: string }) => name)).not.toContain('salary')
    }
    const appended = await rowsOf(shop.french, { domain: 'countries', pipeline: [append] })
    expect(appended.map(({ team }) => team)).toEqual([null, null, null, 'tea', 'jam'])
  })

  it('CVE-2026-54698 (hasura): a comparison with a computed column is no oracle', async () => {
    const ask2 = (column: string, value: unknown) =>
      salaries(formula(column), { name: 'filter', condition: { column: 'x', operator: 'eq', value } })
    for (const value of [314159, 1]) expectRefused(await ask2('salary', value), 400)
    const masked = { name: 'concatenate', columns: ['name', 'team'], separator: ':', new_column_name: 'x' }
    const guess = (value: string) => seen(masked, { name: 'filter', condition: { column: 'x', operator: 'eq', value } })
    expect(await guess('Ann:tea')).toEqual([])
    expect(await guess('***:tea')).toHaveLength(1)
    await shop.domain('flags', {
      kind: 'derived',
      pipeline: [{ name: 'domain', domain: 'salaries' }, formula('salary > 300000 ? 1 : 0')].slice(0, 1),
    })
    expectRefused(await ask(shop.french, { domain: 'flags', pipeline: [formula('salary * 1')] }), 400)
  })

  it('CVE-2025-64746 (directus): a grant for a column that is gone and comes back hidden gives nothing', async () => {
    await shop.instance.anApp({ id: 'hr', domains: { people: 'name,pin\nAnn,314159\n' } })
    const viewer = await shop.instance.aUser({ privileges: { hr: ['view'] } })
    const publish = () => shop.admin.publish('hr')
    const read = () => viewer.call('POST', '/hr/data', { body: { domain: 'people', pipeline: [] } })
    const hide = [{ scope: 'ALL_USERS', effect: 'SEE_ALL', columns: { hide: ['pin'], mask: {} } }]
    expect((await read()).body.data).toEqual([{ name: 'Ann', pin: 314159 }])
    await shop.admin.call('PUT', '/hr/permissions/people', { body: hide })
    await publish()
    expect((await read()).body.data).toEqual([{ name: 'Ann' }])
    await shop.admin.upload('hr', 'people', 'name\nBob\n')
    await publish()
    expect((await read()).body.data).toEqual([{ name: 'Bob' }])
    await shop.admin.upload('hr', 'people', 'name,pin\nBob,271828\n')
    await publish()
    expect((await read()).body.data).toEqual([{ name: 'Bob' }])
    await shop.admin.call('DELETE', '/hr/data/domains/people')
    await publish()
    await shop.admin.upload('hr', 'people', 'name,pin\nBob,271828\n')
    await publish()
    expect(JSON.stringify((await read()).body)).not.toContain('271828')
  })

  it('cube#10968, cube#9348: a mask beside a row rule, with every operator of a rule', async () => {
    const conditions: [string, unknown, number][] = [
      ['eq', 2, 1],
      ['ne', 2, 3],
      ['lt', 2, 1],
      ['le', 2, 2],
      ['gt', 2, 2],
      ['ge', 2, 3],
      ['in', [1, 2], 2],
      ['nin', [1, 2], 2],
      ['isnull', undefined, 0],
      ['notnull', undefined, 4],
    ]
    const texts: [string, unknown, number][] = [
      ['matches', '^F', 2],
      ['notmatches', '^F', 2],
    ]
    await shop.instance.anApp({ id: 'ops', domains: { t: 'country,amount\nFR,1\nFR,2\nIT,7\nJP,9\n' } })
    const viewer = await shop.instance.aUser({ privileges: { ops: ['view'] } })
    const count = async (condition: { column: string; operator: string; value?: unknown }) => {
      const [record] = custom(condition)
      const masked = { ...record, columns: { hide: [], mask: { [condition.column]: null } } }
      await shop.admin.call('PUT', '/ops/permissions/t', { body: [masked] })
      expect((await shop.admin.publish('ops')).status).toBe(200)
      const { status, body } = await viewer.call('POST', '/ops/data', { body: { domain: 't', pipeline: [] } })
      expect(status, JSON.stringify(body)).toBe(200)
      expect(body.data.every((row: Record<string, unknown>) => row[condition.column] === null)).toBe(true)
      return body.data.length
    }
    for (const [operator, value, n] of conditions) {
      expect([operator, await count({ column: 'amount', operator, ...(value !== undefined && { value }) })]).toEqual([
        operator,
        n,
      ])
    }
    for (const [operator, value, n] of texts) {
      expect([operator, await count({ column: 'country', operator, value })]).toEqual([operator, n])
    }
  })
})
