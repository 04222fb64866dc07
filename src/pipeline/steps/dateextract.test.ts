import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables } from '../../../test/builders/memory-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'
import type { Value } from '../index.ts'

const instants = fc
  .sample(fc.date({ min: new Date('0001-01-10'), max: new Date('9999-12-20'), noInvalidDate: true }), {
    numRuns: 300,
    seed: 7,
  })
  .concat(
    ['2024-02-29T23:59:59.999Z', '2021-01-03', '2020-12-31', '1969-12-31T23:59:59.999Z'].map((text) => new Date(text)),
  )

let tables: MemoryTables

beforeAll(async () => {
  tables = await memoryTables({
    days: {
      columns: { id: 'integer', day: 'date', said: 'text', n: 'number' },
      rows: [
        [1, new Date('2024-03-31T10:20:30.456Z'), '2024-03-31 10:20:30.456', 1],
        [2, null, 'soon', null],
        [3, new Date('2023-01-01'), null, 2],
        [4, new Date('2021-01-03T00:00:00.001Z'), '3 janv. 2021', 3],
      ],
    },
    empty: { columns: { day: 'date' }, rows: [] },
    random: { columns: { day: 'date' }, rows: instants.map((instant) => [instant]) },
  })
})
afterAll(() => tables.close())

function from(domain: string, ...steps: object[]) {
  return tables.ask([{ name: 'domain', domain }, ...steps])
}

async function column(name: string, ...steps: object[]): Promise<Value[]> {
  const { columns, rows } = await from('days', ...steps)
  const at = columns.findIndex((found) => found.name === name)
  return rows.map((row) => row[at] ?? null)
}

async function refusal(...steps: object[]): Promise<readonly ProblemItem[]> {
  try {
    await from('days', ...steps)
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

const extract = (info: string) =>
  column('x', { name: 'dateextract', column: 'day', date_info: [info], new_columns: ['x'] })
const day = (text: string) => new Date(text)

describe('dateextract', () => {
  it('gives numbers and days', async () => {
    const both = { name: 'dateextract', column: 'day', dateInfo: ['quarter', 'currentDay'], newColumns: ['q', 'id'] }
    const { columns, rows } = await from('days', both, { name: 'select', columns: ['id', 'q'] })
    expect(columns).toEqual([
      { name: 'id', type: 'date' },
      { name: 'q', type: 'integer' },
    ])
    expect(rows).toEqual([
      [day('2024-03-31'), 1],
      [null, null],
      [day('2023-01-01'), 1],
      [day('2021-01-03'), 1],
    ])
    expect((await from('days', both)).columns.map(({ name }) => name)).toEqual(['id', 'day', 'said', 'n', 'q'])
  })

  it('counts weeks from Sunday and by ISO 8601', async () => {
    expect(await extract('week')).toEqual([13, null, 1, 1])
    expect(await extract('isoWeek')).toEqual([13, null, 52, 53])
    expect(await extract('isoYear')).toEqual([2024, null, 2022, 2020])
    expect(await extract('dayOfWeek')).toEqual([1, null, 1, 1])
    expect(await extract('isoDayOfWeek')).toEqual([7, null, 7, 7])
    expect(await extract('previousWeek')).toEqual([12, null, 52, 52])
    expect(await extract('previousIsoWeek')).toEqual([12, null, 51, 52])
  })

  it('goes back by clipped months and to midnights', async () => {
    expect(await extract('previousMonth')).toEqual([2, null, 12, 12])
    expect(await extract('previousQuarter')).toEqual([4, null, 4, 4])
    expect(await extract('firstDayOfPreviousQuarter')).toEqual([
      day('2023-10-01'),
      null,
      day('2022-10-01'),
      day('2020-10-01'),
    ])
    expect(await extract('firstDayOfPreviousMonth')).toEqual([
      day('2024-02-01'),
      null,
      day('2022-12-01'),
      day('2020-12-01'),
    ])
    expect(await extract('previousDay')).toEqual([day('2024-03-30'), null, day('2022-12-31'), day('2021-01-02')])
    expect(await extract('firstDayOfPreviousWeek')).toEqual([
      day('2024-03-24'),
      null,
      day('2022-12-25'),
      day('2020-12-27'),
    ])
    expect(await extract('milliseconds')).toEqual([456, null, 0, 1])
  })

  it('agrees with the calendar on any instant', async () => {
    const dateInfo = [
      'year',
      'month',
      'day',
      'hour',
      'minutes',
      'seconds',
      'milliseconds',
      'dayOfYear',
      'week',
      'isoDayOfWeek',
    ]
    const step = { name: 'dateextract', column: 'day', dateInfo, newColumns: dateInfo.map((info) => `${info} of it`) }
    const { rows } = await from('random', step)
    expect(rows.map(([, ...parts]) => parts)).toEqual(instants.map(partsOf))
    const starts = ['year', 'month', 'week', 'isoWeek', 'quarter', 'day'].map((granularity) => ({
      name: 'dategranularity',
      column: 'day',
      granularity,
      newColumn: `start of ${granularity}`,
    }))
    const truncated = await from('random', ...starts)
    expect(truncated.rows.map(([, ...dates]) => dates)).toEqual(instants.map(startsOf))
  })

  it('reads texts as todate does', async () => {
    const step = { name: 'dateextract', column: 'said', dateInfo: ['month', 'currentDay'], newColumns: ['m', 'd'] }
    const { rows } = await from('days', step, { name: 'select', columns: ['said', 'm', 'd'] })
    expect(rows).toEqual([
      ['2024-03-31 10:20:30.456', 3, day('2024-03-31')],
      ['soon', null, null],
      [null, null, null],
      ['3 janv. 2021', 1, day('2021-01-03')],
    ])
  })

  it('takes the older form and works on no rows', async () => {
    expect(await column('day_hour', { name: 'dateextract', column: 'day', operation: 'hour' })).toEqual([
      10,
      null,
      0,
      0,
    ])
    const named = { name: 'dateextract', column: 'day', operation: 'minutes', new_column_name: 'm' }
    expect(await column('m', named)).toEqual([20, null, 0, 0])
    expect((await from('empty', { ...named, column: 'day' })).rows).toEqual([])
  })

  it('refuses what it cannot do', async () => {
    const step = { name: 'dateextract', column: 'day', dateInfo: ['year'], newColumns: ['y'] }
    expect(await refusal({ ...step, column: 'dya' })).toMatchObject([
      { column: 'dya', nearest: ['day'], step: { index: 1 } },
    ])
    expect(await refusal({ ...step, column: 'n' })).toMatchObject([{ column: 'n', step: { name: 'dateextract' } }])
    expect(await refusal({ ...step, dateInfo: ['century'] })).toMatchObject([{ path: '/pipeline/1/dateInfo/0' }])
    expect(await refusal({ ...step, dateInfo: [], newColumns: [] })).toHaveLength(1)
    expect(await refusal({ ...step, newColumns: ['y', 'z'] })).toHaveLength(1)
    expect(await refusal({ ...step, dateInfo: ['year', 'month'], newColumns: ['y', 'y'] })).toMatchObject([
      { column: 'y' },
    ])
    expect(await refusal({ ...step, operation: 'year' })).toMatchObject([{ path: '/pipeline/1/operation' }])
  })
})

describe('dategranularity', () => {
  const step = { name: 'dategranularity', column: 'day', granularity: 'month' }

  it('works in place or into a new column', async () => {
    expect(await column('day', step)).toEqual([day('2024-03-01'), null, day('2023-01-01'), day('2021-01-01')])
    expect(await column('day', { ...step, new_column: 'm' })).toEqual(await column('day'))
    expect(await column('m', { ...step, newColumn: 'm', granularity: 'week' })).toEqual([
      day('2024-03-31'),
      null,
      day('2023-01-01'),
      day('2021-01-03'),
    ])
    expect(await column('m', { ...step, column: 'said', newColumn: 'm' })).toEqual([
      day('2024-03-01'),
      null,
      null,
      day('2021-01-01'),
    ])
  })

  it('copies the column when the selector is not set', async () => {
    const variables = { unset: '__VOID__' }
    const unset = { ...step, granularity: '{{ unset }}' }
    const before = await from('days')
    const domain = { name: 'domain', domain: 'days' }
    expect(await tables.ask([domain, unset], { variables })).toEqual(before)
    const copied = await tables.ask([domain, { ...unset, newColumn: 'copy' }], { variables })
    expect(copied.rows).toEqual(before.rows.map((row) => [...row, row[1]]))
    const text = await tables.ask([domain, { ...unset, column: 'said', newColumn: 'copy' }], { variables })
    expect(text.columns.at(-1)).toEqual({ name: 'copy', type: 'text' })
  })

  it('refuses other granularities and columns', async () => {
    expect(await refusal({ ...step, granularity: 'decade' })).toMatchObject([{ path: '/pipeline/1/granularity' }])
    expect(await refusal({ ...step, column: 'n' })).toMatchObject([{ column: 'n' }])
    expect(await refusal({ ...step, granularity: '__VOID__', column: 'x' })).toMatchObject([{ column: 'x' }])
  })
})

describe('duration', () => {
  const step = {
    name: 'duration',
    new_column_name: 'long',
    start_date_column: 'said',
    end_date_column: 'day',
    duration_in: 'seconds',
  }
  const between = { ...step, start_date_column: 'start' }
  const start = (text: string) => ({ name: 'text', new_column: 'start', text })

  it('is a number of whole seconds in a unit', async () => {
    expect(await column('long', start('2024-03-31T10:20:00Z'), between)).toEqual([30, null, -39349200, -102248399])
    expect(await column('long', start('2021-01-03T01:30:00Z'), { ...between, duration_in: 'hours' })).toEqual([
      28400 + 50 / 60 + 30 / 3600,
      null,
      17470.5,
      -5399 / 3600,
    ])
  })

  it('is null without both dates, and reads texts', async () => {
    expect(await column('long', step)).toEqual([0, null, null, 0])
  })

  it('refuses other units and columns', async () => {
    expect(await refusal({ ...step, duration_in: 'weeks' })).toMatchObject([{ path: '/pipeline/1/duration_in' }])
    expect(await refusal({ ...step, end_date_column: 'n' })).toMatchObject([{ column: 'n' }])
    expect(await refusal({ ...step, end_date_column: 'x', start_date_column: 'y' })).toMatchObject([
      { column: 'y' },
      { column: 'x' },
    ])
  })
})

function partsOf(date: Date): number[] {
  const midnight = startOfDay(date)
  const dayOfYear = (midnight.getTime() - firstOfYear(date).getTime()) / 86_400_000 + 1
  return [
    date.getUTCFullYear(),
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    date.getUTCMilliseconds(),
    dayOfYear,
    Math.floor((dayOfYear + 6 - date.getUTCDay()) / 7),
    date.getUTCDay() || 7,
  ]
}

function startsOf(date: Date): Date[] {
  const year = firstOfYear(date)
  const monthsLater = (months: number) => new Date(new Date(year).setUTCMonth(months))
  const midnight = startOfDay(date)
  const daysBefore = (days: number) => new Date(midnight.getTime() - days * 86_400_000)
  return [
    year,
    monthsLater(date.getUTCMonth()),
    daysBefore(date.getUTCDay()),
    daysBefore((date.getUTCDay() + 6) % 7),
    monthsLater(date.getUTCMonth() - (date.getUTCMonth() % 3)),
    midnight,
  ]
}

function firstOfYear(date: Date): Date {
  const first = new Date(0)
  first.setUTCFullYear(date.getUTCFullYear())
  return first
}

function startOfDay(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 86_400_000) * 86_400_000)
}
