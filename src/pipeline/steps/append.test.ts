import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'
import { maxSteps, type TemplateVariables, type Value } from '../index.ts'

let tables: MemoryTables

beforeAll(async () => {
  tables = await memoryTables({
    north: {
      columns: { id: 'integer', city: 'text' },
      rows: [
        [2, 'Lille'],
        [1, 'Lyon'],
      ],
    },
    south: {
      columns: { city: 'text', day: 'date', id: 'number' },
      rows: [
        ['Nice', new Date('2024-01-02'), 1.5],
        [null, null, 3],
      ],
    },
    codes: { columns: { id: 'text', open: 'boolean' }, rows: [['x', true]] },
    empty: { columns: { id: 'integer', city: 'text' }, rows: [] },
  })
})
afterAll(() => tables.close())

const domain = (name: string) => ({ name: 'domain', domain: name })
const append = (...pipelines: unknown[]) => ({ name: 'append', pipelines })
const sort = (order: 'asc' | 'desc') => ({ name: 'sort', columns: [{ column: 'id', order }] })

function from(name: string, ...steps: object[]) {
  return tables.ask([domain(name), ...steps])
}

async function rows(name: string, ...steps: object[]): Promise<Value[][]> {
  return (await from(name, ...steps)).rows
}

async function refusal(step: object, variables: TemplateVariables = {}): Promise<readonly ProblemItem[]> {
  try {
    await tables.ask([domain('north'), step], { variables })
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

describe('append', () => {
  it('goes by name, after the rows, with null for what is missing and the type that all fit', async () => {
    expect(await from('north', append('south'))).toEqual({
      columns: [
        { name: 'id', type: 'number' },
        { name: 'city', type: 'text' },
        { name: 'day', type: 'date' },
      ],
      rows: [
        [2, 'Lille', null],
        [1, 'Lyon', null],
        [1.5, 'Nice', new Date('2024-01-02')],
        [3, null, null],
      ],
    })
    expect(await from('south', append('north', 'codes'))).toEqual({
      columns: [
        { name: 'city', type: 'text' },
        { name: 'day', type: 'date' },
        { name: 'id', type: 'text' },
        { name: 'open', type: 'boolean' },
      ],
      rows: [
        ['Nice', new Date('2024-01-02'), '1.5', null],
        [null, null, '3', null],
        ['Lille', null, '2', null],
        ['Lyon', null, '1', null],
        [null, null, 'x', true],
      ],
    })
  })

  it('keeps the order of each pipeline', async () => {
    expect(await rows('north', sort('asc'), append([domain('north'), sort('desc')], 'north'))).toEqual([
      [1, 'Lyon'],
      [2, 'Lille'],
      [2, 'Lille'],
      [1, 'Lyon'],
      [2, 'Lille'],
      [1, 'Lyon'],
    ])
    expect(await rows('north', append('north'), sort('asc'))).toEqual([
      [1, 'Lyon'],
      [1, 'Lyon'],
      [2, 'Lille'],
      [2, 'Lille'],
    ])
  })

  it('gives the appended rows after no rows, and no rows after rows', async () => {
    expect(await rows('empty', append('north', 'empty'))).toEqual([
      [2, 'Lille'],
      [1, 'Lyon'],
    ])
    expect(await rows('north', append('empty'))).toHaveLength(2)
    expect(await rows('north', append())).toHaveLength(2)
  })

  it('nests, also in and around join, and in long chains', async () => {
    const inner = [domain('north'), append([domain('north'), append('empty', 'north')])]
    expect(await rows('north', append(inner, inner))).toHaveLength(14)
    const join = { name: 'join', type: 'inner', on: [['id', 'id']], right_pipeline: [domain('north'), append('north')] }
    expect(await rows('north', join)).toHaveLength(4)
    const joined = [domain('north'), { ...join, right_pipeline: 'north' }]
    expect(await rows('north', append(joined))).toHaveLength(4)
    expect(await rows('north', ...Array.from({ length: 40 }, () => append('empty')))).toHaveLength(2)
  })

  it('renders the pipelines inside and drops their unset filters', async () => {
    const filtered = [
      domain('north'),
      { name: 'filter', condition: { column: 'city', operator: 'eq', value: '{{ city }}' } },
    ]
    const ask = async (city: string) =>
      (await tables.ask([domain('empty'), append('north', filtered)], { variables: { city } })).rows
    expect(await ask('Lyon')).toHaveLength(3)
    expect(await ask('__VOID__')).toHaveLength(4)
    expect(await refusal(append('north', filtered))).toMatchObject([
      { path: '/pipeline/1/pipelines/1/1/condition/value', step: { index: 1, name: 'filter' } },
    ])
    expect(await refusal(append('north', filtered), { city: 'x' })).toEqual([])
  })

  it('applies the rule of every domain', async () => {
    const rules = { north: { always: false }, south: { column: 'city', operator: 'isnull' } } as const
    expect((await tables.ask([domain('empty'), append('north', [domain('south')])], { rules })).rows).toEqual([
      [3, null, null],
    ])
  })

  it('tells what is wrong, and where', async () => {
    expect(await refusal({ name: 'append' })).toMatchObject([{ path: '/pipeline/1/pipelines' }])
    for (const pipelines of ['north', null, 3, {}]) {
      const errors = await refusal({ name: 'append', pipelines })
      expect(errors.map(({ path }) => path)).toEqual(['/pipeline/1/pipelines'])
    }
    expect(await refusal(append(['north']))).toMatchObject([
      { path: '/pipeline/1/pipelines/0' },
      { path: '/pipeline/1/pipelines/0/0' },
    ])
    expect(await refusal(append('north', ''))).toMatchObject([
      { path: '/pipeline/1/pipelines/1', step: { index: 1, name: 'append' } },
    ])
    expect(await refusal(append([{ name: 'sort', columns: [{ column: 'id', order: 'asc' }] }]))).toMatchObject([
      { path: '/pipeline/1/pipelines/0' },
    ])
    expect(await refusal(append('south', { type: 'ref', uid: 'x' }))).toMatchObject([
      { path: '/pipeline/1/pipelines/1', message: 'There is no query "x" to refer to.' },
    ])
    expect(await refusal(append([domain('south'), { name: 'select', columns: ['cty'] }]))).toMatchObject([
      { path: '/pipeline/1/pipelines/0/1', column: 'cty', step: { index: 1, name: 'select' } },
    ])
  })

  it('counts every pipeline among the steps, once too many is said once', async () => {
    const list = Array.from({ length: 100_000 }, () => 'north')
    expect(await refusal(append(...list))).toMatchObject([
      { path: `/pipeline/1/pipelines/${maxSteps - 2}`, message: expect.stringContaining('at most') },
    ])
    let deep: unknown = 'north'
    for (let level = 0; level < 20; level++) deep = [domain('north'), append(deep)]
    expect(await refusal(append(deep))).toMatchObject([{ message: expect.stringContaining('levels deep') }])
  })
})
