import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stepTables } from '../../../test/builders/step-tables.ts'
import { isProblem, type ProblemItem } from '../../base/index.ts'
import { compileSql, duckdbDialect, type Value } from '../index.ts'

const instants = fc.sample(
  fc
    .date({ min: new Date('1970-01-01'), max: new Date('2068-12-31'), noInvalidDate: true })
    .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000)),
  { numRuns: 200, seed: 11 },
)

/** Each text is a row. */
const guessed: readonly (readonly [text: string | null, date: string | null])[] = [
  ['2022-03-04', '2022-03-04'],
  ['2022/3/4', '2022-03-04'],
  ['20220304', '2022-03-04'],
  ['2022-03', '2022-03-01'],
  ['2022', '2022-01-01'],
  ['2022-03-04T06:30', '2022-03-04T06:30:00Z'],
  ['2022-03-04 6:30:15.25', '2022-03-04T06:30:15.250Z'],
  ['2022-03-04T06:30:15.123456789Z', '2022-03-04T06:30:15.123Z'],
  ['2022-03-04T06:30:15+02:00', '2022-03-04T04:30:15Z'],
  ['2022-03-04 06:30:15 -0530', '2022-03-04T12:00:15Z'],
  ['2022-03-04T00:30+01', '2022-03-03T23:30:00Z'],
  ['03/04/2022', '2022-03-04'],
  ['13/04/2022 10:00', '2022-04-13T10:00:00Z'],
  ['3/9/20 10:30 PM', '2020-03-09T22:30:00Z'],
  ['03/09/70', '1970-03-09'],
  ['12:00', null],
  ['05/2024', '2024-05-01'],
  ['14 décembre 2025', '2025-12-14'],
  ['14 DÉCEMBRE 2025', '2025-12-14'],
  ['14 décembre 2025'.normalize('NFD'), '2025-12-14'],
  ['1er janv. 1997', '1997-01-01'],
  ['  16-Sep-2099\n', '2099-09-16'],
  ['January 5th, 2024 12:15 am', '2024-01-05T00:15:00Z'],
  ['Mon, 04 Mar 2024 10:20:30 GMT', '2024-03-04T10:20:30Z'],
  ['Feb 2024', '2024-02-01'],
  ['29/02/2023', null],
  ['2023-02-30', null],
  ['2024-13-01', null],
  ['2024-01-01T24:00', null],
  ['2024-01-01 10:60', null],
  ['0000-01-01', null],
  ['14 brumaire 2025', null],
  ['tomorrow', null],
  ["'; DROP TABLE data0; --", null],
  ['2022-03-04\n2022-03-05', null],
  ['٢٠٢٢-٠٣-٠٤', null],
  ['', null],
  [null, null],
]

const { from } = stepTables({
  texts: { columns: { a: 'text' }, rows: guessed.map(([text]) => [text]) },
  empty: { columns: { a: 'text' }, rows: [] },
  numbers: {
    columns: { i: 'integer', n: 'number', b: 'boolean', d: 'date' },
    rows: [
      [2019, 2019.9, true, new Date('2024-01-01')],
      [9999, 9999, null, null],
      [10_000, 1142977800000.5, null, null],
      [1142977800000, 1e300, null, null],
      [-1, -1, null, null],
      [0, 0, null, null],
      [2n ** 63n - 1n, null, null, null],
      [20220304, 2022, null, null],
      [null, null, null, null],
    ],
  },
  instants: { columns: { d: 'date' }, rows: [...instants.map((instant) => [instant]), [null]] },
  formats: {
    columns: { d: 'date' },
    rows: [[new Date('2024-03-09T05:06:07.089Z')], [new Date('2024-12-31T15:00:00Z')], [null]],
  },
})

const first = (rows: readonly Value[][]): (Value | undefined)[] => rows.map(([value]) => value)

/** What todate makes of texts by a format. */
async function read(format: string, ...texts: string[]): Promise<(Value | undefined)[]> {
  const values: (Value | undefined)[] = []
  for (const text of texts) {
    const constant = { name: 'text', new_column: 'a', text }
    const { rows } = await from(
      'formats',
      constant,
      { name: 'todate', column: 'a', format },
      { name: 'select', columns: ['a'] },
    )
    values.push(rows[0]?.[0])
  }
  return values
}

async function refusal(domain: string, step: object): Promise<readonly ProblemItem[]> {
  try {
    await from(domain, step)
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.errors
    throw error
  }
  return []
}

const day = (text: string) => new Date(text)

describe('todate without a format', () => {
  it('reads what looks like a date, and nothing else', async () => {
    const { columns, rows } = await from('texts', { name: 'todate', column: 'a' })
    expect(columns).toEqual([{ name: 'a', type: 'date' }])
    expect(rows.map(([value], index) => [guessed[index]?.[0], value])).toEqual(
      guessed.map(([text, date]) => [text, date === null ? null : day(date)]),
    )
    expect(await from('texts', { name: 'todate', column: 'a', format: '' })).toEqual({ columns, rows })
    expect((await from('empty', { name: 'todate', column: 'a' })).rows).toEqual([])
  })

  it('takes integers below 10000 for years and others for milliseconds', async () => {
    const { rows } = await from('numbers', { name: 'todate', column: 'i' }, { name: 'todate', column: 'n' })
    expect(rows.map(([i, n]) => [i, n])).toEqual([
      [day('2019-01-01'), day('2019-01-01')],
      [day('9999-01-01'), day('9999-01-01')],
      [new Date(10_000), day('2006-03-21T21:50:00Z')],
      [day('2006-03-21T21:50:00Z'), null],
      [null, null],
      [null, null],
      [null, null],
      [new Date(20220304), day('2022-01-01')],
      [null, null],
    ])
  })

  it('leaves dates alone and refuses booleans', async () => {
    expect(await from('numbers', { name: 'todate', column: 'd', format: '%Y' })).toEqual(await from('numbers'))
    expect(await refusal('numbers', { name: 'todate', column: 'b' })).toMatchObject([
      { column: 'b', step: { name: 'todate' } },
    ])
    expect(await refusal('numbers', { name: 'todate', column: 'x' })).toMatchObject([{ column: 'x' }])
  })
})

describe('todate with a format', () => {
  it('reads the parts that the format has', async () => {
    expect(await read('%d/%m/%Y %H:%M:%S', '10/11/2022 01:02:03', '1/2/2022 1:2:3', '10/11/2022')).toEqual([
      day('2022-11-10T01:02:03Z'),
      day('2022-02-01T01:02:03Z'),
      null,
    ])
    expect(await read('%d.%m.%y', '01.02.68', '01.02.69', '01x02x69')).toEqual([
      day('2068-02-01'),
      day('1969-02-01'),
      null,
    ])
    expect(
      await read('%d %B %Y', '14 Dec 2025', ' 05  janvier 1997 ', '16 SEPT. 2099', '1 août 2001', '1 juni 2001'),
    ).toEqual([day('2025-12-14'), day('1997-01-05'), day('2099-09-16'), day('2001-08-01'), null])
    expect(await read('%d-%b-%Y', '31-févr-2024', '29-fevr-2024', '29-feb-2024')).toEqual([
      null,
      day('2024-02-29'),
      day('2024-02-29'),
    ])
    expect(await read('%Y%m%d', '20220304', '2022-03-04')).toEqual([day('2022-03-04'), null])
    expect(await read('%FT%T.%f%z', '2022-03-04T05:06:07.5-01:00', '2022-03-04T05:06:07.123456Z')).toEqual([
      day('2022-03-04T06:06:07.500Z'),
      day('2022-03-04T05:06:07.123Z'),
    ])
    expect(await read('%f', '5', 'x')).toEqual([day('1900-01-01T00:00:00.500Z'), null])
    expect(await read('%I:%M %p', '12:30 AM', '12:30 p.m.', '13:30 PM')).toEqual([
      day('1900-01-01T00:30:00Z'),
      day('1900-01-01T12:30:00Z'),
      null,
    ])
  })

  it('completes partial dates with the first day and month', async () => {
    expect(await read('%Y-%m', '2024-05')).toEqual([day('2024-05-01')])
    expect(await read('%Y/%m', '2024/05')).toEqual([day('2024-05-01')])
    expect(await read('%m-%Y', '05-2024')).toEqual([day('2024-05-01')])
    expect(await read('%b-%Y', 'mai-2024')).toEqual([day('2024-05-01')])
    expect(await read('%Y', '2024', '24', '20245')).toEqual([day('2024-01-01'), null, null])
  })

  it('takes the text between the parts as it is', async () => {
    expect(await read('%d (.*) of %m%% %Y', '1 (.*) of 2% 2024', '1 xx of 2% 2024')).toEqual([day('2024-02-01'), null])
    expect(await read("%d' OR 1=1 -- $1 {0} \\ 😀 %Y", "5' OR 1=1 -- $1 {0} \\ 😀 2024", '5 2024')).toEqual([
      day('2024-01-05'),
      null,
    ])
    expect(await read('le %d de %B %Y', 'Le 3 de mars 2024')).toEqual([day('2024-03-03')])
  })

  it('reads numbers, and the formats of SQL databases', async () => {
    const numbers = await from(
      'numbers',
      { name: 'todate', column: 'i', format: '%Y%m%d' },
      { name: 'todate', column: 'n', format: '%Y' },
    )
    expect(numbers.rows[7]?.slice(0, 2)).toEqual([day('2022-03-04'), day('2022-01-01')])
    expect(await read('dd/mm/YYYY HH24:MI:SS', '10/11/2022 01:02:03', 'x')).toEqual([day('2022-11-10T01:02:03Z'), null])
    expect(await read('%d/%m/%Y %k:%i:%s', '10/11/2022 1:02:03')).toEqual([day('2022-11-10T01:02:03Z')])
  })

  it('refuses formats that it does not know, with their place', async () => {
    const step = { name: 'todate', column: 'a', format: '%d %Q' }
    expect(await refusal('texts', step)).toMatchObject([
      { path: '/pipeline/1/format', position: 3, step: { index: 1, name: 'todate' } },
    ])
    for (const format of ['%d %m %b', '%Y %y', '%', 'nothing', '%%', '%p', '%z', '%d'.padEnd(201)]) {
      expect(await refusal('texts', { ...step, format }), format).toHaveLength(1)
    }
  })

  it('keeps what a person wrote out of the text of the query', () => {
    const written = (format: string): string => {
      const source = { table: { texts: ['t'], values: [] }, columns: [{ id: '"a"', name: 'a', type: 'text' as const }] }
      const step = { name: 'todate' as const, column: 'a', format }
      const domain = { name: 'domain' as const, domain: 't', rule: { always: true } }
      const query = { pipeline: [domain, step] as const }
      return compileSql(query, { source: () => source, dialect: duckdbDialect, now: new Date() })
        .rows({ offset: 0, limit: null })
        .texts.join('?')
    }
    expect(written("%Y MARK'ED")).not.toContain('MARK')
    expect(written('%d/%m/%Y')).toBe(written('%d/%m/%Y'))
  })
})

describe('fromdate', () => {
  const write = async (format: string) => first((await from('formats', { name: 'fromdate', column: 'd', format })).rows)

  it('writes numbers and English names', async () => {
    expect(await write('%Y-%m-%d')).toEqual(['2024-03-09', '2024-12-31', null])
    expect(await write('%a %A, %-d %b %B %y')).toEqual([
      'Sat Saturday, 9 Mar March 24',
      'Tue Tuesday, 31 Dec December 24',
      null,
    ])
    expect(await write('%T.%f %I%p %L')).toEqual(['05:06:07.089000 05AM 089', '15:00:00.000000 03PM 000', null])
    expect(await write('%G-W%V-%u %j %U %w %z %Z')).toEqual([
      '2024-W10-6 069 09 6 +0000 UTC',
      '2025-W01-2 366 52 2 +0000 UTC',
      null,
    ])
  })

  it('takes other text as it is', async () => {
    expect(await write("100%% 'x' \\ {} $1 😀 %%d")).toEqual([
      "100% 'x' \\ {} $1 😀 %d",
      "100% 'x' \\ {} $1 😀 %d",
      null,
    ])
  })

  it('is read back by todate', async () => {
    for (const format of [
      '%Y-%m-%d %H:%M:%S',
      '%d %B %y %T',
      '%I:%M:%S %p on %-d/%-m/%Y',
      '%A %d %b %Y %H:%M:%S',
      '%Y%m%d%H%M%S',
    ]) {
      const { columns, rows } = await from(
        'instants',
        { name: 'fromdate', column: 'd', format },
        { name: 'todate', column: 'd', format },
      )
      expect(columns).toEqual([{ name: 'd', type: 'date' }])
      expect(first(rows), format).toEqual([...instants, null])
    }
  })

  it('refuses what it does not know', async () => {
    const step = { name: 'fromdate', column: 'd', format: '%Y %Q' }
    expect(await refusal('formats', step)).toMatchObject([
      { path: '/pipeline/1/format', position: 3, step: { name: 'fromdate' } },
    ])
    for (const format of ['', '%', '%-A', 'x'.repeat(201), 5]) {
      expect(await refusal('formats', { ...step, format }), String(format)).toHaveLength(1)
    }
    expect(await refusal('texts', { name: 'fromdate', column: 'a', format: '%Y' })).toMatchObject([{ column: 'a' }])
  })
})
