import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../base/index.ts'
import {
  type ColumnType,
  compileSql,
  mapDomainSteps,
  oracleDialect,
  parsePipeline,
  renderPipeline,
  renderSql,
  type ServerDialect,
  sqlserverDialect,
} from '../../index.ts'
import { identifier } from '../fragment.ts'

const now = new Date('2024-05-05T12:00:00Z')
const columns: readonly (readonly [name: string, type: ColumnType])[] = [
  ['city', 'text'],
  ['units', 'integer'],
  ['amount', 'number'],
  ['open', 'boolean'],
  ['day', 'date'],
]
const whole = { offset: 0, limit: null }

function compiled(
  dialect: ServerDialect,
  steps: readonly object[],
  page: { offset: number; limit: number | null } = whole,
) {
  const pipeline = renderPipeline(parsePipeline([{ name: 'domain', domain: 'sales' }, ...steps], {}), {}, now)
  const guarded = mapDomainSteps(pipeline, (step) => ({ ...step, rule: { always: true } }))
  const source = {
    table: identifier(dialect.quote('sales')),
    columns: columns.map(([name, type]) => ({ name, type, id: dialect.quote(name) })),
  }
  const rows = compileSql({ pipeline: guarded }, { source: () => source, dialect, now }).rows(page)
  const { text, values } = renderSql(rows, dialect.placeholder)
  return { text, values: values.map(({ value }) => value) }
}

function refusal(dialect: ServerDialect, ...steps: object[]): string {
  try {
    return compiled(dialect, steps).text
  } catch (error) {
    if (isProblem(error, 'pipeline_invalid')) return error.message
    throw error
  }
}

const filter = (column: string, operator: string, value?: unknown) => ({
  name: 'filter',
  condition: value === undefined ? { column, operator } : { column, operator, value },
})

describe('names', () => {
  it('are quoted so that nothing in them ends the quoting', () => {
    expect(sqlserverDialect.quote('a]; --')).toBe('[a]]; --]')
    expect(oracleDialect.quote('a]; --')).toBe('"a]; --"')
    for (const name of ['', 'a"b', 'a\0']) expect(() => oracleDialect.quote(name)).toThrow('Oracle has no names')
    expect(() => identifier(sqlserverDialect.quote('a\0'))).toThrow()
    for (const open of ['[a]b]', '[a', '[]', '[a]]']) expect(() => identifier(open)).toThrow()
  })
})

describe('values', () => {
  it('are texts, dates between the first and the last of the server', () => {
    for (const { parameter } of [sqlserverDialect, oracleDialect]) {
      expect([true, 2n ** 63n - 1n, 1e-7, null].map(parameter)).toEqual(['1', '9223372036854775807', '1e-7', null])
      const dates = [new Date(-8.64e15), new Date('2024-02-29T23:59:59.001Z'), new Date(8.64e15)]
      expect(dates.map(parameter)).toEqual([
        '0001-01-01 00:00:00.000',
        '2024-02-29 23:59:59.001',
        '9999-12-31 23:59:59.9999999',
      ])
    }
  })

  it('that the server takes for others are refused with their step', () => {
    expect(refusal(oracleDialect, filter('city', 'eq', ''))).toBe(
      'Step 1 (filter): Oracle has no empty text: it takes it for null.',
    )
    expect(refusal(oracleDialect, filter('city', 'in', ['a', '']))).toContain(
      'Step 1 (filter): Oracle has no empty text',
    )
    expect(refusal(oracleDialect, { name: 'text', text: 'é'.repeat(2001), new_column: 'x' })).toContain('4000 bytes')
    expect(refusal(sqlserverDialect, filter('city', 'eq', 'a\0'))).toContain('the character NUL')
    expect(refusal(sqlserverDialect, filter('city', 'eq', ''))).toContain('WHERE')
  })

  it('may be empty where only their absence is meant', () => {
    const removed = compiled(oracleDialect, [{ name: 'replacetext', search_column: 'city', old_str: 'a', new_str: '' }])
    expect(removed.text).toContain('REPLACE(c0, CAST(:1 AS VARCHAR2(4000)))')
    expect(removed.values).toEqual(['a'])
    const joined = { name: 'concatenate', columns: ['city', 'units'], separator: '', new_column_name: 'x' }
    expect(compiled(oracleDialect, [joined]).text).toContain('(c0 || TO_CHAR(c1)) AS c5')
  })
})

describe('truth', () => {
  it('is no value by itself, and a value no condition', () => {
    const steps = [
      { name: 'comparetext', new_column_name: 'same', str_col_1: 'city', str_col_2: 'city' },
      { name: 'convert', columns: ['units'], data_type: 'boolean' },
      filter('open', 'eq', true),
    ]
    const texts = [sqlserverDialect, oracleDialect].map((dialect) => compiled(dialect, steps).text)
    for (const text of texts) expect(text).not.toMatch(/\b(?:TRUE|FALSE|BOOLEAN)\b/i)
    expect(texts[0]).toContain('CASE WHEN EXISTS (SELECT c0 INTERSECT SELECT c0) THEN CAST(@p1 AS bit) ELSE')
    expect(texts[0]).toMatch(/WHERE c3 = CAST\(@p3 AS bit\)/)
    expect(texts[1]).toContain('CASE WHEN DECODE(c0, c0, 1, 0) = 1 THEN CAST(:1 AS NUMBER(1)) ELSE')
    expect(texts[1]).toContain('CASE WHEN c1 <> 0 THEN 1 WHEN c1 = 0 THEN 0 END')
  })

  it('is a comparison of numbers where it is certain', () => {
    for (const dialect of [sqlserverDialect, oracleDialect]) {
      expect(compiled(dialect, [filter('city', 'in', [])]).text).toContain('WHERE 1 = 0')
    }
  })
})

describe('a text in a condition', () => {
  it('is equal with the spaces at its end, which SQL Server passes over', () => {
    const text = (...condition: [string, string, unknown]) => compiled(sqlserverDialect, [filter(...condition)]).text
    const bytes = (sql: string) => `CAST(${sql} AS varbinary(max))`
    const value = (n: number) => `CAST(@p${n} AS nvarchar(max)) COLLATE Latin1_General_100_BIN2`
    expect(text('city', 'eq', 'Lyon')).toContain(`WHERE ${bytes('c0')} = ${bytes(value(1))}`)
    expect(text('city', 'nin', ['a', 'b'])).toContain(`${bytes('c0')} NOT IN (${bytes(value(1))}, ${bytes(value(2))})`)
    expect(text('city', 'lt', 'Lyon')).toContain(`WHERE c0 < ${value(1)}`)
    expect(text('units', 'eq', 1)).toContain('WHERE c1 = CAST(@p1 AS bigint)')
  })
})

describe('order', () => {
  const sorted = [
    {
      name: 'sort',
      columns: [
        { column: 'units', order: 'asc' },
        { column: 'amount', order: 'desc' },
      ],
    },
  ]

  it('has nulls last, where no words for it are known as well', () => {
    expect(compiled(sqlserverDialect, sorted).text).toMatch(
      /ORDER BY CASE WHEN c1 IS NULL THEN 1 ELSE 0 END, c1, c2 DESC$/,
    )
    expect(compiled(oracleDialect, sorted).text).toMatch(/ORDER BY c1 ASC NULLS LAST, c2 DESC NULLS LAST$/)
  })

  it('stands before every bound of SQL Server, which is never 0', () => {
    const page = (steps: object[], offset: number, limit: number | null) =>
      compiled(sqlserverDialect, steps, { offset, limit }).text
    expect(page(sorted, 0, 5)).toMatch(
      /c2 DESC OFFSET CAST\(@p1 AS bigint\) ROWS FETCH NEXT CAST\(@p2 AS bigint\) ROWS ONLY$/,
    )
    expect(page([], 7, null)).toMatch(/ORDER BY \(SELECT NULL\) OFFSET CAST\(@p1 AS bigint\) ROWS$/)
    expect(page(sorted, 0, 0)).toMatch(/c2 DESC OFFSET 9223372036854775807 ROWS$/)
    expect(compiled(oracleDialect, [], { offset: 7, limit: 5 }).text).toMatch(
      /FROM s0 OFFSET TO_NUMBER\(:1\) ROWS FETCH NEXT TO_NUMBER\(:2\) ROWS ONLY$/,
    )
  })
})

describe('what a server cannot do', () => {
  it('is refused by name', () => {
    const remainder = { name: 'formula', new_column: 'x', formula: 'amount % 2' }
    expect(refusal(sqlserverDialect, remainder)).toBe(
      'Step 1 (formula): SQL Server has no remainder of numbers that are not integers.',
    )
    expect(refusal(oracleDialect, remainder)).toContain('MOD(')
    const read = (format: string) => ({ name: 'todate', column: 'city', format })
    expect(refusal(sqlserverDialect, read('%Y'))).toContain('Step 1 (todate): SQL Server before 2025 has no regular')
    expect(refusal(oracleDialect, read(''))).toContain('Step 1 (todate): Oracle cannot read so many parts')
    expect(refusal(sqlserverDialect, { name: 'todate', column: 'units' })).toContain('dateadd(')
  })

  it('is asked of groups by their numbers among all brackets in Oracle', () => {
    const { text, values } = compiled(oracleDialect, [{ name: 'todate', column: 'city', format: '%d %b %Y %z' }])
    expect(text).toContain(`'\\1|\\2|\\3|\\6'`)
    const pattern = String(values[2])
    expect(text.length).toBeLessThan(12_000)
    expect(pattern).not.toMatch(/\(\?|\\s/)
    const found = new RegExp(pattern.replaceAll('[:space:]', '\\s'), 'i').exec('1 jan. 2024 +02:00')
    expect([1, 2, 3, 6].map((group) => found?.[group])).toEqual(['1', 'jan', '2024', '+02:00'])
  })

  it('has aliases of tables without AS and a table for constants, for Oracle', () => {
    const unpivot = { name: 'unpivot', keep: [], unpivot: ['units'], unpivot_column_name: 'k', value_column_name: 'v' }
    const steps = [unpivot, { name: 'argmax', column: 'v', groups: [] }]
    const { text } = compiled(oracleDialect, steps)
    expect(text).toContain('AS c7 FROM dual) numbers')
    expect(text).not.toMatch(/\) AS [a-z]+\b(?! ?\()(?<!\) AS c\d+)(?<!\) AS s\d+)/)
  })
})

describe('the parts of a split text', () => {
  const split = (delimiter: string) => [{ name: 'split', column: 'city', delimiter, number_cols_to_keep: 3 }]

  it('are found one after the other where a delimiter can overlap itself', () => {
    expect(compiled(oracleDialect, split('-')).text).toMatch(/INSTR\(c0, CAST\(:\d+ AS VARCHAR2\(4000\)\), 1, 2\)/)
    expect(compiled(oracleDialect, split('--')).text).toMatch(/INSTR\(c0, CAST\(:\d+ AS VARCHAR2\(4000\)\), INSTR\(/)
  })

  it('cost a text that grows with their number', () => {
    const sizes = [10, 40].map(
      (count) => compiled(sqlserverDialect, [{ ...split('-')[0], number_cols_to_keep: count }]).text.length,
    )
    expect(sizes[1]).toBeLessThan((sizes[0] ?? 0) * 16)
  })
})
