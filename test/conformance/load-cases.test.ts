import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ConformanceCase, loadCases } from './load-cases.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'laputa-cases-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(path: string, content: unknown): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content))
}

/** The only fixture of the folder. */
function load(path: string, content: unknown): ConformanceCase {
  write(path, content)
  const [loaded] = loadCases(folder)
  if (!loaded || 'problem' in loaded) throw new Error(loaded?.problem ?? 'nothing was loaded')
  return loaded
}

const table = (fields: Record<string, string>, data: readonly object[]) => ({
  schema: { fields: Object.entries(fields).map(([name, type]) => ({ name, type })), pandas_version: '1.4.0' },
  data,
})
const minimal = {
  step: { pipeline: [] },
  input: table({ a: 'integer' }, [{ a: 1 }]),
  expected: table({ a: 'integer' }, [{ a: 1 }]),
}

describe('loadCases', () => {
  it('finds json, yaml and yml files, in the order of their paths', () => {
    for (const path of ['b/two.yml', 'a/one.json', 'b/one.yaml', 'b/note.md']) write(path, minimal)
    expect(loadCases(folder).map(({ file, step }) => [file, step])).toEqual([
      ['a/one.json', 'a'],
      ['b/one.yaml', 'b'],
      ['b/two.yml', 'b'],
    ])
  })

  it('reads the input of the fixture unless the pipeline names a domain', () => {
    expect(load('a/a.json', minimal).pipeline).toEqual([{ name: 'domain', domain: 'in' }])
    const steps = [{ name: 'domain', domain: 'other' }]
    expect(load('a/a.json', { ...minimal, step: { pipeline: steps } }).pipeline).toEqual(steps)
  })

  it.each([
    ['a list of steps', [{ name: 'delete', columns: ['a'] }]],
    ['one step', { name: 'delete', columns: ['a'] }],
    ['a pipeline with a name beside it', { name: 'x', pipeline: [{ name: 'delete', columns: ['a'] }] }],
  ])('takes %s', (_, step) => {
    expect(load('a/a.json', { ...minimal, step }).pipeline.at(-1)).toEqual({ name: 'delete', columns: ['a'] })
  })

  it('keeps the columns of the schema and makes absent values null', () => {
    const input = table({ a: 'integer', b: 'string' }, [{ a: 1, stray: 2 }, { b: 'x' }])
    expect(load('a/a.json', { ...minimal, input }).domains.get('in')).toEqual({
      columns: [
        { name: 'a', type: 'integer' },
        { name: 'b', type: 'text' },
      ],
      rows: [
        [1, null],
        [null, 'x'],
      ],
    })
  })

  it('reads tables without a schema', () => {
    const input = [{ a: 1 }, { a: 2.5, b: true }]
    expect(load('a/a.json', { ...minimal, input }).domains.get('in')).toEqual({
      columns: [
        { name: 'a', type: 'number' },
        { name: 'b', type: 'boolean' },
      ],
      rows: [
        [1, null],
        [2.5, true],
      ],
    })
  })

  it('corrects a schema that its values contradict', () => {
    const fields = { a: 'string', b: 'integer', c: 'string', d: 'any' }
    const input = table(fields, [
      { a: 1, b: 1.5, c: 'x', d: 'y' },
      { a: 2, b: 2, c: 0, d: 'z' },
    ])
    const loaded = load('a/a.json', { ...minimal, input }).domains.get('in')
    expect(loaded?.columns.map(({ type }) => type)).toEqual(['integer', 'number', 'text', 'text'])
    expect(loaded?.rows[1]).toEqual([2, 2, '0', 'z'])
  })

  it('reads dates as texts with and without a zone, and as epochs', () => {
    const days = [
      '2022-01-02',
      '2022-01-02 03:04:05',
      '2022-01-02T03:04:05.678',
      '2022-01-02T03:04:05+02:00',
      1641092645000,
      1641092645000000000,
    ]
    const input = table({ d: 'datetime' }, [...days.map((d) => ({ d })), { d: null }])
    const rows = load('a/a.json', { ...minimal, input }).domains.get('in')?.rows
    expect(rows?.map(([d]) => (d instanceof Date ? d.toISOString() : d))).toEqual([
      '2022-01-02T00:00:00.000Z',
      '2022-01-02T03:04:05.000Z',
      '2022-01-02T03:04:05.678Z',
      '2022-01-02T01:04:05.000Z',
      '2022-01-02T03:04:05.000Z',
      '2022-01-02T03:04:05.000Z',
      null,
    ])
  })

  it('reads "nan" among numbers as null', () => {
    const input = table({ x: 'number', t: 'string' }, [{ x: 'nan', t: 'nan' }])
    expect(load('a/a.json', { ...minimal, input }).domains.get('in')?.rows).toEqual([[null, 'nan']])
  })

  it('drops an index that the pipeline does not speak of', () => {
    const input = table({ index: 'integer', a: 'integer' }, [{ index: 0, a: 1 }])
    expect(load('a/a.json', { ...minimal, input }).domains.get('in')?.columns).toEqual([{ name: 'a', type: 'integer' }])
    const step = { pipeline: [{ name: 'delete', columns: ['index'] }] }
    expect(load('a/a.json', { ...minimal, input, step }).domains.get('in')?.columns).toHaveLength(2)
  })

  it('decodes dates in steps only where the path speaks of dates', () => {
    const step = {
      pipeline: [
        {
          name: 'x',
          value: 'date: 2021-11-01 00:00:00+01:00',
          list: ['date: 2021-11-01', null],
          mixed: ['date: 2021-11-01', 1],
        },
      ],
    }
    expect(load('a/with_dates.json', { ...minimal, step }).pipeline[1]).toEqual({
      name: 'x',
      value: new Date('2021-10-31T23:00:00Z'),
      list: [new Date('2021-11-01T00:00:00Z'), null],
      mixed: ['date: 2021-11-01', 1],
    })
    rmSync(join(folder, 'a'), { recursive: true })
    expect(load('a/other.json', { ...minimal, step }).pipeline[1]).toEqual({ ...step.pipeline[0] })
  })

  it('reads YAML as it was written: `on` is a name, `n` a text, and large integers are exact', () => {
    const text = `
step: { pipeline: [{ name: aggregate, on: [n], 1: y }] }
input: { schema: { fields: [{ name: n, type: integer }] }, data: [{ n: 9007199254740993 }] }
expected: { data: [{ n: .nan, d: 2022-01-02 }] }
`
    const loaded = load('a/a.yaml', text)
    expect(loaded.pipeline[1]).toEqual({ name: 'aggregate', on: ['n'], 1: 'y' })
    expect(loaded.domains.get('in')?.rows).toEqual([[9007199254740993n]])
    expect(loaded.expected.rows).toEqual([[null, new Date('2022-01-02T00:00:00Z')]])
  })

  it('reads large integers in JSON exactly', () => {
    const text = JSON.stringify(minimal).replaceAll('"a":1', '"a":-9007199254740993')
    expect(load('a/a.json', text).domains.get('in')?.rows).toEqual([[-9007199254740993n]])
  })

  it('reads GeoJSON tables: properties, ids beside them, shapes as texts', () => {
    const feature = (id: string, properties: object, geometry: object | null) => ({
      type: 'Feature',
      id,
      properties,
      geometry,
    })
    const point = { type: 'Point', coordinates: [1, 2] }
    const input = {
      schema: 'geojson',
      data: { type: 'FeatureCollection', features: [feature('01', { n: 1 }, point), feature('02', { m: 'x' }, null)] },
    }
    const loaded = load('a/a.json', { ...minimal, other_inputs: { geo: input } }).domains.get('geo')
    expect(loaded?.columns.map(({ name }) => name)).toEqual(['id', 'n', 'm', 'geometry'])
    expect(loaded?.rows).toEqual([
      ['01', 1, null, JSON.stringify(point)],
      ['02', null, 'x', null],
    ])
  })

  it('gives fixtures without an input the table of beers.csv', () => {
    const { input: _, ...sqlOnly } = minimal
    write('beers.csv', 'index,name,cost,day,other\n0,"A, b",2.5,2022-01-01,\n1,C,3,2022-01-02,x\n')
    const loaded = load('a/a.json', sqlOnly)
    expect(loaded.pipeline[0]).toEqual({ name: 'domain', domain: 'beers_tiny' })
    expect(loaded.domains.get('beers_tiny')).toEqual({
      columns: [
        { name: 'name', type: 'text' },
        { name: 'cost', type: 'number' },
        { name: 'day', type: 'date' },
        { name: 'other', type: 'text' },
      ],
      rows: [
        ['A, b', 2.5, new Date('2022-01-01T00:00:00Z'), null],
        ['C', 3, new Date('2022-01-02T00:00:00Z'), 'x'],
      ],
    })
  })

  it.each([
    ['broken.json', '{"step": '],
    ['broken.yaml', 'step: ]'],
    ['list.json', '[]'],
    ['no-step.json', '{"expected": {"data": []}}'],
    ['no-expected.json', '{"step": {"pipeline": []}, "input": {"data": []}}'],
    ['no-input.json', '{"step": {"pipeline": []}, "expected": {"data": []}}'],
    ['no-date.json', JSON.stringify({ ...minimal, expected: table({ d: 'datetime' }, [{ d: 'soon' }]) })],
  ])('counts a fixture that cannot be read: %s', (file, text) => {
    write(`a/${file}`, text)
    expect(loadCases(folder)).toEqual([
      { file: `a/${file}`, step: 'a', problem: expect.stringContaining('cannot be read') },
    ])
  })
})
