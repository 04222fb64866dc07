import { describe, expect, it } from 'vitest'
import { countBy, freeName, isValue, nextSort, pipelineOf, sortSteps, topBy } from './pipelines.ts'

describe('pipelineOf', () => {
  it('filters the domain before anything else happens to its rows', () => {
    const steps = [countBy(['state'], 'rows'), topBy('rows', 10)]
    const filter = isValue('state', 'Texas')
    expect(pipelineOf('strikes', filter, steps)).toEqual([
      { name: 'domain', domain: 'strikes' },
      { name: 'filter', condition: { column: 'state', operator: 'eq', value: 'Texas' } },
      {
        name: 'aggregate',
        on: ['state'],
        aggregations: [{ newcolumns: ['rows'], aggfunction: 'count', columns: ['state'] }],
        countNulls: true,
      },
      { name: 'top', rankOn: 'rows', sort: 'desc', limit: 10 },
    ])
  })

  it('has no filter step where nothing is chosen', () => {
    expect(pipelineOf('strikes', null, [])).toEqual([{ name: 'domain', domain: 'strikes' }])
  })
})

describe('isValue', () => {
  it('asks for rows without a value by name', () => {
    expect(isValue('state', null)).toEqual({ column: 'state', operator: 'isnull' })
  })

  it('keeps falsy values as values', () => {
    expect(isValue('done', false)).toEqual({ column: 'done', operator: 'eq', value: false })
    expect(isValue('name', '')).toEqual({ column: 'name', operator: 'eq', value: '' })
  })
})

describe('nextSort', () => {
  it('goes round: ascending, descending, unsorted', () => {
    const first = nextSort(null, 'a')
    const second = nextSort(first, 'a')
    expect([first, second, nextSort(second, 'a')]).toEqual([
      { column: 'a', order: 'asc' },
      { column: 'a', order: 'desc' },
      null,
    ])
  })

  it('starts again at another column', () => {
    expect(nextSort({ column: 'a', order: 'asc' }, 'b')).toEqual({ column: 'b', order: 'asc' })
  })

  it('makes no step of nothing', () => {
    expect(sortSteps(null)).toEqual([])
    expect(sortSteps({ column: 'a', order: 'desc' })).toEqual([
      { name: 'sort', columns: [{ column: 'a', order: 'desc' }] },
    ])
  })
})

describe('freeName', () => {
  it('never takes the name of a column', () => {
    const columns = ['rows', 'rows_'].map((name) => ({ name, type: 'text' as const }))
    expect(freeName('rows', columns)).toBe('rows__')
    expect(freeName('count', columns)).toBe('count')
  })
})
