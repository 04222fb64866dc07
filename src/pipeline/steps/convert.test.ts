import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'
import { parseIsoDate } from '../conditions/dates.ts'
import type { ColumnType, Value } from '../index.ts'

const dataTypes = ['integer', 'float', 'text', 'date', 'boolean'] as const

const sample = <T>(values: fc.Arbitrary<T>): T[] => fc.sample(values, { numRuns: 400, seed: 11 })

let tables: MemoryTables

beforeAll(async () => {
  tables = await memoryTables({
    several: {
      columns: { id: 'integer', a: 'text', b: 'number', c: 'text' },
      rows: [
        [1, '1', 2.9, '2024-01-01'],
        [2, 'x', null, null],
      ],
    },
    empty: { columns: { a: 'text', b: 'integer' }, rows: [] },
  })
})
afterAll(() => tables.close())

/** Values of one type as another one. */
async function converted(values: readonly Value[], from: ColumnType, dataType: (typeof dataTypes)[number]) {
  const own = await memoryTables({ t: { columns: { v: from }, rows: values.map((value) => [value]) } })
  try {
    const step = { name: 'convert', columns: ['v'], data_type: dataType }
    const { columns, rows } = await own.ask([{ name: 'domain', domain: 't' }, step])
    return { type: columns[0]?.type, values: rows.flat() }
  } finally {
    own.close()
  }
}

async function refusal(...steps: object[]): Promise<readonly ProblemItem[]> {
  try {
    await tables.ask([{ name: 'domain', domain: 'several' }, ...steps])
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

describe('convert texts', () => {
  const numbers: [text: string, integer: Value, number: Value][] = [
    ['43.6', 43, 43.6],
    ['-43.6', -43, -43.6],
    ['  +7\r\n', 7, 7],
    ['\t\n 7.5\t', 7, 7.5],
    [' \r\n1e1\t ', 10, 10],
    ['\u00a07', null, null],
    ['\f7', null, null],
    ['7\n8', null, null],
    ['.5\n8', null, null],
    ['.5', 0, 0.5],
    ['-.5', 0, -0.5],
    ['5.', 5, 5],
    ['1e3', 1000, 1000],
    ['1.5E-1', 0, 0.15],
    ['9223372036854775807', 2n ** 63n - 1n, 2 ** 63],
    ['-9223372036854775808.9', -(2n ** 63n), -(2 ** 63)],
    ['9223372036854775808', null, 2 ** 63],
    ['9007199254740993', 9007199254740993n, 9007199254740992],
    ['9007199254740993.9', 9007199254740993n, 9007199254740994],
    ['1e400', null, null],
    ['1e19', null, 1e19],
    ['1_000', null, null],
    ['0x10', null, null],
    ['1 000', null, null],
    ['1,5', null, null],
    ['', null, null],
    ['-', null, null],
    ['.', null, null],
    ['e5', null, null],
    ['inf', null, null],
    ['NaN', null, null],
    ['٣', null, null],
    ['true', null, null],
    ["1'; --", null, null],
    ['\u00001', null, null],
  ]
  const texts = numbers.map(([text]) => text)

  it('to integers and numbers', async () => {
    expect(await converted(texts, 'text', 'integer')).toEqual({
      type: 'integer',
      values: numbers.map(([, integer]) => integer),
    })
    const { type, values } = await converted(texts, 'text', 'float')
    expect(type).toBe('number')
    // 0 and −0 are the same number.
    expect(values.map((value) => (value === 0 ? 0 : value))).toEqual(numbers.map(([, , number]) => number))
  })

  it('to true and false', async () => {
    const { type, values } = await converted(
      ['true', 'FALSE', ' True ', '1', '0', '2', 'yes', '', 'tru', null],
      'text',
      'boolean',
    )
    expect(type).toBe('boolean')
    expect(values).toEqual([true, false, true, true, false, null, null, null, null, null])
  })

  it('to dates, when they are ISO 8601', async () => {
    const instants: [string, string | null][] = [
      ['2024-02-29', '2024-02-29T00:00:00.000Z'],
      ['\t\r\n 2024-02-29\n ', '2024-02-29T00:00:00.000Z'],
      [' 2024-01-05T10:00:00-02:30\t', '2024-01-05T12:30:00.000Z'],
      ['2023-02-29', null],
      ['2024-01-05T10:00', '2024-01-05T10:00:00.000Z'],
      ['2024-01-05 10:00:00.123999', '2024-01-05T10:00:00.123Z'],
      ['1969-12-31 23:59:59.9999', '1969-12-31T23:59:59.999Z'],
      ['2024-01-05t10:00z', '2024-01-05T10:00:00.000Z'],
      ['2024-01-05T10:00+02:30', '2024-01-05T07:30:00.000Z'],
      ['2024-01-05T10:00:00-0230', '2024-01-05T12:30:00.000Z'],
      ['2024-01-05T10:00:00.5-00:30', '2024-01-05T10:30:00.500Z'],
      ['2024-01-05T10:00:00+14', '2024-01-04T20:00:00.000Z'],
      ['0000-01-01', '0000-01-01T00:00:00.000Z'],
      ['2024-01-05T24:00', null],
      ['2024-01-05T10:60', null],
      ['2024-1-5', null],
      ['2024-13-01', null],
      ['20240105', null],
      ['05/01/2024', null],
      ['2024', null],
      ['1704448800000', null],
      ['infinity', null],
      ['epoch', null],
      ['2024-01-05T10:00:00+25', null],
      ['2024-01-05+02', null],
      ['2024-01-05\n2024-01-05', null],
    ]
    const { type, values } = await converted(
      instants.map(([text]) => text),
      'text',
      'date',
    )
    expect(type).toBe('date')
    expect(values.map((value) => (value instanceof Date ? value.toISOString() : value))).toEqual(
      instants.map(([, instant]) => instant),
    )
  })

  it('to the dates that conditions read too', async () => {
    const number = (max: number, width: number) =>
      fc.integer({ min: 0, max }).map((value) => String(value).padStart(width, '0'))
    const offset = fc.oneof(
      fc.constantFrom('', 'Z', 'z', '+2'),
      fc
        .tuple(fc.constantFrom('+', '-'), number(25, 2), fc.constantFrom('', '00', ':30', ':59', ':61'))
        .map((part) => part.join('')),
    )
    const time = fc
      .tuple(
        fc.constantFrom('T', ' ', 't', ''),
        number(25, 2),
        number(61, 2),
        fc.constantFrom('', ':00', ':59.', ':60', ':07.1', ':07.123456789', ':07.9999'),
        offset,
      )
      .map(([separator, hour, minute, rest, zone]) => `${separator}${hour}:${minute}${rest}${zone}`)
    const texts = sample(
      fc
        .tuple(number(9999, 4), number(13, 2), number(32, 2), fc.option(time, { nil: '' }))
        .map(([year, month, day, rest]) => `${year}-${month}-${day}${rest}`),
    )
    const { values } = await converted(texts, 'text', 'date')
    expect(values).toEqual(texts.map((text) => parseIsoDate(text) ?? null))
    expect(values.filter((value) => value !== null).length).toBeGreaterThan(50)
  })
})

describe('convert numbers', () => {
  it('to integers, towards zero, null outside of 64 bits', async () => {
    const { values } = await converted(
      [43.9, -43.9, -0, 0.999, 1e18, 2 ** 63, -(2 ** 63), -1e19, 1e308, null],
      'number',
      'integer',
    )
    expect(values).toEqual([43, -43, 0, 0, 10n ** 18n, null, -(2n ** 63n), null, null, null])
  })

  it('to the text that JSON has for them', async () => {
    const edges = [
      0, -0, 10, 1e15, 1e20, 1e21, 1.5e21, 1e-6, 1e-7, 1.5e-7, 5e-324, 1.7976931348623157e308, 123456789012345680000,
    ]
    const values = [...edges, ...sample(fc.double({ noNaN: true, noDefaultInfinity: true }))]
    expect((await converted(values, 'number', 'text')).values).toEqual(values.map((value) => JSON.stringify(value)))
    const whole = [...sample(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), 0n]
    expect((await converted(whole, 'integer', 'text')).values).toEqual(whole.map(String))
  })

  it('to instants, null where there is none', async () => {
    const instants = [0, -1, 1604331000000, 8.64e15, -8.64e15].map((time) => new Date(time))
    const edges = [...instants.map(Number), 8_640_000_000_000_001, 2n ** 63n - 1n, -(2n ** 63n), null]
    expect(await converted(edges, 'integer', 'date')).toEqual({
      type: 'date',
      values: [...instants, null, null, null, null],
    })
    expect((await converted([1.9, -1.9, 8.65e15, 1e300], 'number', 'date')).values).toEqual([
      new Date(1),
      new Date(-1),
      null,
      null,
    ])
  })

  it('to true and false', async () => {
    expect((await converted([0, 1, -5, null], 'integer', 'boolean')).values).toEqual([false, true, true, null])
    expect((await converted([0, -0, 0.1, null], 'number', 'boolean')).values).toEqual([false, false, true, null])
  })

  it('that are none to null', async () => {
    const own = await memoryTables({ t: { columns: { v: 'number' }, rows: [[Number.NaN], [Infinity], [-Infinity]] } })
    for (const data_type of dataTypes.filter((type) => type !== 'float')) {
      const { rows } = await own.ask([
        { name: 'domain', domain: 't' },
        { name: 'convert', columns: ['v'], data_type },
      ])
      expect(rows.flat(), data_type).toEqual([null, null, null])
    }
    own.close()
  })
})

describe('convert dates and booleans', () => {
  const dates = [0, -1, 951782400000, 1709202600000, 8.64e15, -8.64e15].map((time) => new Date(time))

  it('to milliseconds and back', async () => {
    const times = dates.map(Number)
    expect((await converted([...dates, null], 'date', 'integer')).values).toEqual([...times, null])
    expect((await converted([...dates, null], 'date', 'float')).values).toEqual([...times, null])
    expect((await converted([...dates, null], 'date', 'boolean')).values).toEqual(Array(7).fill(null))
  })

  it('to texts that are dates again', async () => {
    const { values } = await converted(dates, 'date', 'text')
    expect(values).toEqual([
      '1970-01-01',
      '1969-12-31 23:59:59.999',
      '2000-02-29',
      '2024-02-29 10:30:00',
      '275760-09-13',
      '-271821-04-20',
    ])
    const random = sample(fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }))
    const texts = await converted(random, 'date', 'text')
    expect((await converted(texts.values, 'text', 'date')).values).toEqual(random)
  })

  it('from true and false', async () => {
    const values = [true, false, null]
    expect((await converted(values, 'boolean', 'integer')).values).toEqual([1, 0, null])
    expect((await converted(values, 'boolean', 'float')).values).toEqual([1, 0, null])
    expect((await converted(values, 'boolean', 'text')).values).toEqual(['true', 'false', null])
    expect((await converted(values, 'boolean', 'date')).values).toEqual([null, null, null])
    expect((await converted(values, 'boolean', 'boolean')).values).toEqual(values)
  })
})

describe('convert', () => {
  const ask = (...steps: object[]) => tables.ask([{ name: 'domain', domain: 'several' }, ...steps])

  it('takes several columns, each once, and leaves them in their place', async () => {
    const { columns, rows } = await ask({ name: 'convert', columns: ['b', 'a', 'b'], dataType: 'integer' })
    expect(columns).toEqual([
      { name: 'id', type: 'integer' },
      { name: 'a', type: 'integer' },
      { name: 'b', type: 'integer' },
      { name: 'c', type: 'text' },
    ])
    expect(rows).toEqual([
      [1, 1, 2, '2024-01-01'],
      [2, null, null, null],
    ])
  })

  it('keeps the order that the rows had by the old values', async () => {
    const { rows } = await ask(
      { name: 'sort', columns: [{ column: 'a', order: 'desc' }] },
      { name: 'convert', column: 'a', data_type: 'integer' },
      { name: 'select', columns: ['a'] },
    )
    expect(rows).toEqual([[null], [1]])
  })

  it('works on an empty table', async () => {
    const step = { name: 'convert', columns: ['a', 'b'], data_type: 'date' }
    const { columns, rows } = await tables.ask([{ name: 'domain', domain: 'empty' }, step])
    expect(columns.map(({ type }) => type)).toEqual(['date', 'date'])
    expect(rows).toEqual([])
  })

  it('refuses other types and missing columns', async () => {
    expect(await refusal({ name: 'convert', columns: ['a'], data_type: 'datetime' })).toMatchObject([
      { path: '/pipeline/1/data_type' },
    ])
    expect(await refusal({ name: 'convert', columns: ['a'] })).toMatchObject([{ message: 'This field is required.' }])
    expect(await refusal({ name: 'convert', columns: [], data_type: 'text' })).toMatchObject([
      { path: '/pipeline/1/columns' },
    ])
    expect(await refusal({ name: 'convert', columns: ['x', 'a', 'y'], data_type: 'text' })).toMatchObject([
      { column: 'x', step: { index: 1, name: 'convert' } },
      { column: 'y' },
    ])
  })
})
