import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { isProblem } from '../../base/index.ts'
import type { Value } from '../index.ts'

const hostile = 'a"b`c\'];-- :1: 😀'

/** A square with a side of `side`, from a corner on. */
function square(x: number, y: number, side = 1) {
  return stripe([x, y], [side, side])
}

function stripe([x, y]: [number, number], [width, height]: [number, number]) {
  const ring = [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
    [x, y],
  ]
  return JSON.stringify({ type: 'Polygon', coordinates: [ring] })
}

const point = (x: number, y: number) => JSON.stringify({ type: 'Point', coordinates: [x, y] })
const line = (...coordinates: number[][]) => JSON.stringify({ type: 'LineString', coordinates })

let tables: MemoryTables

beforeAll(async () => {
  const columns = { country: 'text', region: 'text', people: 'integer', geometry: 'text' } as const
  tables = await memoryTables({
    towns: {
      columns,
      rows: [
        ['F', 'b', 1, square(0, 0)],
        ['F', 'a', 2, square(1, 0)],
        ['F', 'b', 4, square(5, 5)],
        [null, 'c', 8, square(9, 9)],
        ['E', null, 16, point(3, 3)],
        ['E', 'd', 32, null],
      ],
    },
    empty: { columns, rows: [] },
    odd: {
      columns: { [hostile]: 'text', geometry: 'text' },
      rows: [
        [hostile, 'no shape'],
        [hostile, '{"type":"Polygon","coordinates":[[[0,0]]]}'],
        [hostile, '{"type":"Point","coordinates":["1",2]}'],
        ['nothing', '[1:2:'],
        ['z', `{"type":"GeometryCollection","geometries":[${point(1, 2)},${square(0, 0)}]}`],
        ['z', point(1, 2)],
      ],
    },
    many: {
      columns: { geometry: 'text' },
      rows: [[line(...Array.from({ length: 50_001 }, (_, at) => [at, at % 2]))]],
    },
    stripes: {
      columns: { region: 'text', geometry: 'text' },
      rows: Array.from({ length: 600 }, (_, at) => [
        'x',
        at < 300 ? stripe([2 * at, 0], [1, 999]) : stripe([-1, 2 * (at - 300)], [999, 1]),
      ]),
    },
    neighbours: {
      columns: { geometry: 'text' },
      rows: [
        ['{"type":"Polygon","coordinates":[[[0,0],[2,0],[2.1,1],[2,2],[0,2],[0,0]]]}'],
        ['{"type":"Polygon","coordinates":[[[2.1,1],[2,0],[4,0],[4,2],[2,2],[2.1,1]]]}'],
      ],
    },
    plain: { columns: { geometry: 'integer' }, rows: [[1]] },
  })
})
afterAll(() => tables.close())

async function rows(domain: string, ...steps: object[]): Promise<Value[][]> {
  return (await tables.ask([{ name: 'domain', domain }, ...steps])).rows
}

async function refusal(domain: string, step: object): Promise<string> {
  try {
    await rows(domain, step)
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.message
    throw error
  }
  return ''
}

const kinds = (list: Value[][], at: number) =>
  list.map((row) => (typeof row[at] === 'string' ? (JSON.parse(row[at]) as { type: string }).type : row[at]))

describe('dissolve', () => {
  const byCountry = { name: 'dissolve', groups: ['country'] }
  const people = [{ columns: ['people'], agg_function: 'sum', new_columns: ['sum'] }]

  it('makes one shape for each group, with aggregations', async () => {
    const found = await rows('towns', { ...byCountry, aggregations: people })
    expect(found.map((row) => row.slice(0, 2))).toEqual([
      ['E', 48],
      ['F', 7],
    ])
    expect(kinds(found, 2)).toEqual(['Point', 'MultiPolygon'])
    expect(JSON.parse(String(found[1]?.[2])).coordinates).toHaveLength(2)
  })

  it('has a group for null when asked for', async () => {
    const found = await rows('towns', { ...byCountry, include_nulls: true })
    expect(found.map(([country]) => country)).toEqual(['E', 'F', null])
    expect(found[2]?.[1]).toBe(square(9, 9))
  })

  it('keeps the groups apart when some have no shape', async () => {
    const found = await rows('towns', { name: 'dissolve', groups: ['region'] })
    expect(found.map(([region]) => region)).toEqual(['a', 'b', 'c', 'd'])
    expect(kinds(found, 1)).toEqual(['Polygon', 'MultiPolygon', 'Polygon', null])
  })

  it('lets other steps follow, and runs inside nested pipelines', async () => {
    const right = [{ name: 'domain', domain: 'towns' }, byCountry]
    const join = { name: 'join', type: 'left', right_pipeline: right, on: [['country', 'country']] }
    const keep = { name: 'filter', condition: { column: 'country', operator: 'eq', value: 'E' } }
    expect(await rows('towns', byCountry, keep, { name: 'dissolve', groups: ['country'] })).toEqual([
      ['E', point(3, 3)],
    ])
    expect(await rows('towns', join, keep)).toHaveLength(2)
  })

  it('takes what is no shape for none', async () => {
    const found = await rows('odd', { name: 'dissolve', groups: [hostile] })
    expect(found.map(([name]) => name)).toEqual([hostile, 'nothing', 'z'])
    expect(kinds(found, 1)).toEqual([null, null, 'GeometryCollection'])
    expect(await rows('empty', byCountry)).toEqual([])
  })

  it('refuses tables without shapes and shapes that are too much', async () => {
    expect(await refusal('plain', { name: 'dissolve', groups: ['geometry'] })).toContain('is integer')
    expect(await refusal('towns', { name: 'dissolve', groups: ['geometry'] })).toContain('two columns')
    expect(await refusal('towns', { ...byCountry, groups: ['nation'] })).toContain('no column "nation"')
    expect(await refusal('stripes', { name: 'dissolve', groups: ['region'] })).toContain('cross too often')
    expect(await refusal('many', { name: 'simplify' })).toContain('more than 50000 vertices')
  })
})

describe('hierarchy', () => {
  it('adds the groups of each level below the rows', async () => {
    const step = { name: 'hierarchy', hierarchy: ['country', 'region'] }
    const found = await rows('towns', step)
    expect(found.map(([country, region, people, , level]) => [country, region, people, level])).toEqual([
      ['F', 'b', 1, 2],
      ['F', 'a', 2, 2],
      ['F', 'b', 4, 2],
      [null, 'c', 8, 2],
      ['E', null, 16, 2],
      ['E', 'd', 32, 2],
      ['E', 'd', null, 1],
      ['F', 'a', null, 1],
      ['F', 'b', null, 1],
      ['E', null, null, 0],
      ['F', null, null, 0],
    ])
    expect(kinds(found.slice(6), 3)).toEqual([null, 'Polygon', 'MultiPolygon', 'Point', 'MultiPolygon'])
    expect(await rows('empty', step)).toEqual([])
  })

  it('refuses a level in the place of a column that it needs', async () => {
    const step = { name: 'hierarchy', hierarchy: ['country'], hierarchy_level_column: 'geometry' }
    expect(await refusal('towns', step)).toContain('"geometry"')
  })
})

describe('simplify', () => {
  it('keeps every ring and the rows in their order', async () => {
    const found = await rows('towns', { name: 'simplify', tolerance: '100' })
    expect(found.map((row) => row[2])).toEqual([1, 2, 4, 8, 16, 32])
    const rings = found.slice(0, 4).map((row) => JSON.parse(String(row[3])).coordinates[0] as number[][])
    for (const ring of rings) {
      expect(ring.length).toBeGreaterThanOrEqual(4)
      expect(ring.at(-1)).toEqual(ring[0])
    }
    expect(found.slice(4).map((row) => row[3])).toEqual([point(3, 3), null])
  })

  it('changes a shared border on both sides, wherever a ring starts', async () => {
    const found = await rows('neighbours', { name: 'simplify', tolerance: 0.5 })
    const borders = found.map(([shape]) => JSON.parse(String(shape)).coordinates[0] as number[][])
    for (const border of borders) {
      expect(border).toContainEqual([2, 0])
      expect(border).toContainEqual([2, 2])
      expect(border).not.toContainEqual([2.1, 1])
    }
  })

  it('leaves shapes alone that have nothing to spare', async () => {
    const found = await rows('towns', { name: 'simplify', tolerance: 0.001 })
    expect(found[2]?.[3]).toBe(square(5, 5))
  })

  it.each([0, -1, 'wide', true])('refuses the tolerance %s', async (tolerance) => {
    expect(await refusal('towns', { name: 'simplify', tolerance })).not.toBe('')
  })
})
