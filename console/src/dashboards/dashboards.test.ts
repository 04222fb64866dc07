import { describe, expect, it } from 'vitest'
import type { Column, Domain } from '../api/types.ts'
import { birdstrikes } from './birdstrikes.ts'
import { dashboardOf, firstDomain } from './index.ts'

const column = (name: string, type: Column['type'] = 'text'): Column => ({ name, type })

const demo: Domain = {
  domain: 'birdstrikes',
  columns: [
    column('Flight Date', 'date'),
    ...['Wildlife Species', 'Effect Amount of damage', 'Phase of flight', 'Origin State'].map((name) => column(name)),
  ],
}

describe('dashboardOf', () => {
  it('takes the dashboard that was made for the domain', () => {
    expect(dashboardOf(demo)).toBe(birdstrikes)
  })

  it('does not take it for a domain that only has the same name', () => {
    const other = { ...demo, columns: demo.columns.filter(({ name }) => name !== 'Phase of flight') }
    expect(dashboardOf(other)).not.toBe(birdstrikes)
  })

  it('is not fooled by a domain named like something that every object has', () => {
    expect(dashboardOf({ domain: 'constructor', columns: [] }).charts).toEqual([])
  })

  it('derives four charts at most, with ids of their own', () => {
    const columns = [
      column('day', 'date'),
      column('id', 'integer'),
      column('amount', 'integer'),
      column('rate', 'number'),
      column('cost', 'number'),
      column('city'),
      column('kind'),
      column('note'),
    ]
    const { charts, filter } = dashboardOf({ domain: 'sales', columns })
    expect(charts.map(({ id, title }) => [id, title])).toEqual([
      ['chart-1', 'Rows over time'],
      ['chart-2', 'amount by city'],
      ['chart-3', 'rate by city'],
      ['chart-4', 'Rows by kind'],
    ])
    expect(filter?.column).toBe('city')
  })

  it('adds up whole numbers and averages fractions', () => {
    const { charts } = dashboardOf({
      domain: 'd',
      columns: [column('city'), column('people', 'integer'), column('share', 'number')],
    })
    expect(charts.map(({ steps }) => steps[0])).toMatchObject([
      { aggregations: [{ aggfunction: 'sum', columns: ['people'] }] },
      { aggregations: [{ aggfunction: 'avg', columns: ['share'] }] },
    ])
  })

  it('counts under a name that no column has', () => {
    const { charts } = dashboardOf({ domain: 'd', columns: [column('rows')] })
    expect(charts[0]).toMatchObject({ title: 'Rows by rows', value: { column: 'rows_' } })
  })

  it('has nothing to choose or group by in a table without text', () => {
    expect(dashboardOf({ domain: 'd', columns: [column('n', 'number')] })).toEqual({
      title: 'd',
      filter: null,
      charts: [],
    })
  })
})

describe('firstDomain', () => {
  it('opens the domain with a dashboard of its own, else the first, else none', () => {
    const other: Domain = { domain: 'airports', columns: [] }
    expect([firstDomain([other, demo]), firstDomain([other]), firstDomain([])]).toEqual([demo, other, null])
  })
})

describe('the demo dashboard', () => {
  it('has charts with ids of their own, each with a title, a note and named axes', () => {
    expect(new Set(birdstrikes.charts.map(({ id }) => id)).size).toBe(birdstrikes.charts.length)
    for (const { title, note, category, value } of birdstrikes.charts) {
      expect([title, note, category.label, value.label].every((text) => text.length > 0)).toBe(true)
    }
  })

  it('draws columns that its steps produce', () => {
    for (const { steps, value } of birdstrikes.charts) {
      expect(JSON.stringify(steps)).toContain(`"${value.column}"`)
    }
  })
})
