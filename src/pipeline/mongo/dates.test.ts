import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MemoryTables, memoryTables, type TableForTest } from '../../../test/builders/memory-tables.ts'
import { type MongoTables, mongoTables } from '../../../test/builders/mongo-tables.ts'
import { writtenSpecifiers } from '../dates/specifiers.ts'
import type { Value } from '../index.ts'

const instants = [
  '2024-01-31T10:20:30.456Z',
  '2023-12-31',
  '2024-02-29',
  '2024-03-31',
  '2024-10-31',
  '2024-12-30',
  '2023-01-29',
  '2021-01-03T23:59:59.999Z',
  '2020-12-28T12:00:00.007Z',
  '1999-01-31',
  '1969-12-31T23:59:59.001Z',
  '1899-07-04T01:02:03Z',
  '0099-03-01',
  '0001-01-01',
  '9999-12-31T12:00:00Z',
].map((text) => new Date(text))
const texts = [
  ...['2024', '2024-5', '2024-05-17', '2024-05-17T09:30', '2024-05-17 09:30:15.5 pm', '20240517', '20240517T10:20Z'],
  ...[
    '12/31/2024',
    '31/12/24',
    '5.6.99',
    '1/1/0',
    '13/13/2024',
    '31/12/2024',
    '05-2024',
    '10.20.30',
    '0000',
    '0000-01-01',
  ],
  ...['5 mai 2024', 'Mon, 5th January 2024 10:11:12 +02:00', 'AOÛT 2024', 'Février 3, 2024', 'fe\u0301vr. 2024'],
  ...['march 2nd 2020 12:00 am', 'sept 2021', '31 juin 2021', '1 lundi 2024', '3  mars\u00a02024', '3\vmars 2024'],
  ...['2024-02-30', '2024-13-01', '2024-05-17T24:00', '2024-05-17T23:30-0130', '2024-05-17T10:30+02'],
  ...['2024-05-17t10:00:00,123456789z', '2024-05-17\u00a010:00', '2024-05-17T10:00:00.25+02:00', '  2024-01-02\n'],
  ...['01/02/23', '12 am', '11 PM', '5 Jan 2024 10:11:12 -0330', '$2024\\s', '$2024\\ ', 'a\u0000b 2024'],
  ...['', 'x', ' 12 ', '43.6', '-.5', '.', '5.', '+7', '+-7', '--1', '1e3', '-1.5E-2', '1e400', '0x10', '1_000', '١'],
  ...['true', 'TRUE ', '0', '1', 'False', 'no', 'nan', '9007199254740991', '-0012', '\t8.64e15\r\n'],
  ...['ÉLAN été', 'ΑΣ ας', 'İstanbul ı', 'Straße ẞ', '𐐀𐐨', 'ﬁ', 'ᾳ ᾼ', 'k\u212a', 'a\u0000É'],
]
const dateInfos = [
  ...['year', 'month', 'day', 'week', 'quarter', 'dayOfWeek', 'dayOfYear', 'isoYear', 'isoWeek', 'isoDayOfWeek'],
  ...['hour', 'minutes', 'seconds', 'milliseconds', 'previousYear', 'previousMonth', 'previousWeek', 'previousQuarter'],
  ...['previousIsoWeek', 'currentDay', 'previousDay'],
  ...['Year', 'Month', 'Week', 'Quarter', 'IsoWeek'].flatMap((of) => [`firstDayOf${of}`, `firstDayOfPrevious${of}`]),
]
const tables: { readonly [domain: string]: TableForTest } = {
  dates: { columns: { v: 'date' }, rows: [...instants, null].map((value) => [value]) },
  pairs: {
    columns: { v: 'date', w: 'date' },
    rows: [...instants, null].flatMap((v) => [...instants, null].map((w) => [v, w])),
  },
  texts: { columns: { v: 'text' }, rows: [...texts, null].map((value) => [value]) },
  integers: {
    columns: { v: 'integer' },
    rows: [0, 1, -5, 2024, 9999, 10_000, 1_700_000_000_000, 8.64e15, 8.64e15 + 2, null].map((value) => [value]),
  },
  numbers: {
    columns: { v: 'number' },
    rows: [0, 1, -0.5, -5.75, 2024.7, 9999.9, 123.25, 8.64e15, -8.65e15, 1e300, null].map((value) => [value]),
  },
  booleans: { columns: { v: 'boolean' }, rows: [[true], [false], [null]] },
}

describe('dates and conversions on MongoDB and on DuckDB', () => {
  let duck: MemoryTables
  let mongo: MongoTables
  beforeAll(async () => {
    duck = await memoryTables(tables)
    mongo = mongoTables(tables)
  })
  afterAll(() => duck.close())

  async function agree(domain: string, step: object): Promise<Value[][]> {
    const pipeline = [{ name: 'domain', domain }, step]
    const [expected, given] = [await duck.ask(pipeline), mongo.ask(pipeline)]
    expect(given).toEqual(expected)
    return given.rows
  }

  it.each(dateInfos)('agree on the part %s', async (info) => {
    const rows = await agree('dates', { name: 'dateextract', column: 'v', date_info: [info], new_columns: ['x'] })
    expect(rows.filter(([, value]) => value !== null)).toHaveLength(instants.length)
  })

  it.each(['day', 'isoWeek', 'week', 'month', 'quarter', 'year'])(
    'agree on the start of the %s',
    async (granularity) => {
      await agree('dates', { name: 'dategranularity', column: 'v', granularity })
      const rows = await agree('texts', { name: 'dategranularity', column: 'v', granularity, new_column: 'x' })
      expect(rows.filter(([, value]) => value !== null).length).toBeGreaterThan(20)
    },
  )

  it.each(['seconds', 'minutes', 'hours', 'days'])('agree on durations in %s', async (duration_in) => {
    await agree('pairs', {
      name: 'duration',
      start_date_column: 'v',
      end_date_column: 'w',
      new_column_name: 'x',
      duration_in,
    })
  })

  it.each(['vsLastYear', 'vsLastMonth', 'vsLastWeek', 'vsLastDay'])('agree on the period before, %s', async (type) => {
    const days = Array.from({ length: 800 }, (_, n) => new Date(Date.UTC(1999, 0, 1 + n)))
    const table: TableForTest = { columns: { v: 'date', n: 'integer' }, rows: days.map((day, n) => [day, n]) }
    const step = { name: 'evolution', date_col: 'v', value_col: 'n', evolution_type: type, evolution_format: 'abs' }
    const pipeline = [{ name: 'domain', domain: 'd' }, step]
    const own = await memoryTables({ d: table })
    try {
      expect(mongoTables({ d: table }).ask(pipeline)).toEqual(await own.ask(pipeline))
    } finally {
      own.close()
    }
  })

  it.each(
    ['', '%Y', '%d/%m/%Y', '%d %B %Y', '%b %Y', '%Y-%m-%dT%H:%M', '%m/%d/%y', '%I %p'].concat(
      '$%Y\\s',
      'YYYY-MM-DD',
      '%d %b %Y %H:%M:%S %z',
      'A\u0000b %Y',
    ),
  )('agree on texts read by the format %j', async (format) => {
    const rows = await agree('texts', { name: 'todate', column: 'v', format })
    expect(rows.filter(([value]) => value !== null).length).toBeGreaterThan(0)
  })

  it('agree on numbers that are years or milliseconds', async () => {
    await agree('integers', { name: 'todate', column: 'v' })
    await agree('numbers', { name: 'todate', column: 'v' })
    await agree('integers', { name: 'todate', column: 'v', format: '%Y' })
  })

  it.each([...writtenSpecifiers].map((specifier) => `%${specifier}`).concat("$v %F '%%' %T"))(
    'agree on dates written by the format %j',
    async (format) => {
      const rows = await agree('dates', { name: 'fromdate', column: 'v', format })
      expect(rows.filter(([value]) => value === null || value === '')).toHaveLength(1)
    },
  )

  it.each(['integer', 'float', 'text', 'date', 'boolean'])('agree on values converted to %s', async (data_type) => {
    // MongoDB writes fractions with fewer digits.
    for (const domain of ['dates', 'texts', 'integers', 'booleans', ...(data_type === 'text' ? [] : ['numbers'])]) {
      await agree(domain, { name: 'convert', columns: ['v'], data_type })
    }
  })

  it.each(['lowercase', 'uppercase'])('agree on texts in %s', async (name) => {
    const rows = await agree('texts', { name, column: 'v' })
    expect(rows).toContainEqual([name === 'lowercase' ? 'élan été' : 'ÉLAN ÉTÉ'])
  })
})
