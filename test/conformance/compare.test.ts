import { describe, expect, it } from 'vitest'
import type { Value } from '../../src/pipeline/index.ts'
import { difference, sameValue } from './compare.ts'
import { readTable } from './table.ts'

const unordered = { order: null, strict: false }
const a = readTable([
  { k: 1, v: 'x' },
  { k: 2, v: 'y' },
  { k: 2, v: 'z' },
])
const swapped = readTable([
  { k: 1, v: 'x' },
  { k: 2, v: 'z' },
  { k: 2, v: 'y' },
])
const reversed = readTable([...a.rows].reverse().map(([k, v]) => ({ k, v })))

describe('difference', () => {
  it('ignores the order of columns and, where there is none, of rows', () => {
    const other = readTable([
      { v: 'z', k: 2 },
      { v: 'x', k: 1 },
      { v: 'y', k: 2 },
    ])
    expect(difference(a, other, unordered)).toBeNull()
  })

  it('names columns that are missing or too many', () => {
    expect(difference(a, readTable([{ k: 1 }]), unordered)).toBe('columns: expected k, v, got k')
    expect(difference(readTable([{ k: 1 }]), a, unordered)).toBe('columns: expected k, got k, v')
  })

  it('shows rows that are missing or too many, and counts repeated rows', () => {
    const twice = readTable([...a.rows, a.rows[0]].map((row) => ({ k: row?.[0], v: row?.[1] })))
    expect(difference(a, twice, unordered)).toBe('k, v\n3 rows expected, 4 given\n+ 1 | "x"')
    expect(difference(twice, a, unordered)).toBe('k, v\n4 rows expected, 3 given\n- 1 | "x"')
  })

  it('wants the order that is defined, except among ties', () => {
    const byKey = { order: { ties: ['k'] }, strict: false }
    expect(difference(a, swapped, byKey)).toBeNull()
    expect(difference(a, reversed, byKey)).toContain('another order')
    expect(difference(a, swapped, { order: { ties: null }, strict: false })).toContain('another order')
    expect(difference(a, swapped, { order: { ties: ['gone'] }, strict: false })).toContain('another order')
  })

  it('is strict about columns and ties when asked', () => {
    expect(difference(a, swapped, { order: { ties: ['k'] }, strict: true })).toContain('another order')
    expect(
      difference(readTable([{ k: 1, v: 2 }]), readTable([{ v: 2, k: 1 }]), { order: null, strict: true }),
    ).toContain('columns')
  })
})

describe('sameValue', () => {
  it.each<[string, Value, Value]>([
    ['a fraction within the tolerance', 0.16, 0.1599999964],
    ['a number near 0', 0, 1e-12],
    ['a whole number as double', 330, 330.0],
    ['true as 1', true, 1],
    ['an instant as text', new Date('2022-01-01T00:00:00Z'), '2022-01-01 00:00:00'],
    ['large integers', 9007199254740993n, 9007199254740993n],
    ['nulls', null, null],
  ])('accepts %s', (_, expected, given) => {
    expect(sameValue(expected, given)).toBe(true)
  })

  it.each<[string, Value, Value]>([
    ['a number beyond the tolerance', 1, 1.0001],
    ['another integer within the tolerance', 1_000_000, 1_000_001],
    ['a neighbouring large integer', 9007199254740993n, 9007199254740992n],
    ['0 for a tiny number', 1e-300, 0],
    ['null for 0', 0, null],
    ['0 for null', null, 0],
    ['an empty text for null', null, ''],
    ['a text for a number', 42, '42'],
    ['false for true', true, false],
    ['another case', 'a', 'A'],
    ['another millisecond', new Date(0), new Date(1)],
  ])('refuses %s', (_, expected, given) => {
    expect(sameValue(expected, given)).toBe(false)
  })

  it('compares shapes as GeoJSON with the tolerance of numbers', () => {
    const point = '{"type":"Point","coordinates":[1,2.00000001]}'
    expect(sameValue('{"coordinates":[1,2],"type":"Point"}', point, 'geometry')).toBe(true)
    expect(sameValue('{"coordinates":[1,3],"type":"Point"}', point, 'geometry')).toBe(false)
    expect(sameValue('{"coordinates":[1,2],"type":"Point"}', point, 'text')).toBe(false)
  })
})

describe('rings of areas', () => {
  const ring = [
    [0, 0],
    [2, 0],
    [2, 1],
    [0, 1],
    [0, 0],
  ]
  const turned = [
    [2, 1],
    [0, 1],
    [0, 0],
    [2, 0],
    [2, 1],
  ]
  const crossed = [
    [0, 0],
    [2, 1],
    [2, 0],
    [0, 1],
    [0, 0],
  ]
  const area = (...rings: number[][][]) => JSON.stringify({ type: 'Polygon', coordinates: rings })
  const line = (coordinates: number[][]) => JSON.stringify({ type: 'LineString', coordinates })
  const same = (a: string, b: string) => sameValue(a, b, 'geometry')

  it('may start anywhere and run either way', () => {
    expect(same(area(ring), area(turned))).toBe(true)
    expect(same(area(ring), area([...ring].reverse()))).toBe(true)
  })

  it('still need the same positions next to each other, and the same holes', () => {
    expect(same(area(ring), area(crossed))).toBe(false)
    expect(same(area(ring), area(ring.map(([x = 0, y = 0]) => [x, y + 1])))).toBe(false)
    expect(same(area(ring), area(ring, turned))).toBe(false)
  })

  it('are not lines, whose direction counts', () => {
    expect(same(line(ring), line([...ring].reverse().slice(1)))).toBe(false)
    expect(
      same(
        line([
          [0, 0],
          [1, 1],
        ]),
        line([
          [1, 1],
          [0, 0],
        ]),
      ),
    ).toBe(false)
  })
})
