import { describe, expect, it } from 'vitest'
import { dialectQuery } from '../../../../test/builders/dialect-query.ts'
import {
  athenaDialect,
  bigqueryDialect,
  bigqueryTypes,
  clickhouseDialect,
  clickhouseSettings,
  identifier,
  type ServerDialect,
} from '../../index.ts'

const dialects = [bigqueryDialect, athenaDialect, clickhouseDialect]
const textOf = (dialect: ServerDialect, ...steps: object[]): string => dialectQuery(dialect, steps).text

const filter = (column: string, operator: string, value: unknown) => ({
  name: 'filter',
  condition: { column, operator, value },
})
const formula = (written: string) => ({ name: 'formula', new_column: 'x', formula: written })

describe('names', () => {
  it('are quoted with the escapes of the database', () => {
    expect(bigqueryDialect.quote('a`b\\`; --\n')).toBe('`a\\u0060b\\u005c\\u0060; --\\u000a`')
    expect(clickhouseDialect.quote('a`b\\`; --')).toBe('`a\\x60b\\x5c\\x60; --`')
    expect(athenaDialect.quote('a"b\\"; --')).toBe('"a""b\\""; --"')
  })

  it('that are empty or have the character NUL never get into a text', () => {
    for (const { quote } of dialects) {
      for (const name of ['', '\0', 'a\0b']) expect(() => identifier(quote(name))).toThrow('A name that is neither')
    }
  })

  it('of a source are not taken for generated ones in ClickHouse', () => {
    expect(clickhouseSettings.prefer_column_name_to_alias).toBe('1')
  })
})

const limits = [new Date(-8.64e15), new Date(8.64e15)]

describe('values', () => {
  const values = [true, 2n ** 63n - 1n, 1e-7, 'x', new Date('2024-02-29T23:59:59.001Z')]

  it('are handed to BigQuery as texts, whose types are said beside', () => {
    expect([null, ...values].map(bigqueryDialect.parameter)).toEqual([
      null,
      'true',
      '9223372036854775807',
      '1e-7',
      'x',
      '2024-02-29 23:59:59.001',
    ])
    expect(limits.map(bigqueryDialect.parameter)).toEqual(['0001-01-01 00:00:00', '9999-12-31 23:59:59.999999'])
    expect(bigqueryTypes).toMatchObject({ integer: 'INT64', date: 'DATETIME' })
    expect(textOf(bigqueryDialect, filter('units', 'gt', 5))).toContain('WHERE c1 > @p1')
  })

  it('are handed to Athena as literals, and cast', () => {
    expect([null, 5, "it's \\", ...values].map(athenaDialect.parameter)).toEqual([
      'NULL',
      '5',
      "'it''s \\'",
      "'1'",
      "'9223372036854775807'",
      "'1e-7'",
      "'x'",
      "'2024-02-29 23:59:59.001'",
    ])
    expect(limits.map(athenaDialect.parameter)).toEqual(["'0000-01-01 00:00:00.000'", "'9999-12-31 23:59:59.999'"])
    expect(textOf(athenaDialect, filter('units', 'gt', 5))).toContain('WHERE c1 > CAST(? AS bigint)')
  })

  it('are handed to ClickHouse as fields between tabs', () => {
    expect([null, 'a\tb\n\\N\0', ...values].map(clickhouseDialect.parameter)).toEqual([
      '\\N',
      'a\\tb\\n\\\\N\\0',
      '1',
      '9223372036854775807',
      '1e-7',
      'x',
      '2024-02-29 23:59:59.001',
    ])
    expect(limits.map(clickhouseDialect.parameter)).toEqual(['1900-01-01 00:00:00.000', '2299-12-31 23:59:59.999'])
    expect(textOf(clickhouseDialect, filter('units', 'gt', 5))).toContain('WHERE c1 > {p1:Int128}')
  })

  it('that are too long for Athena are refused with the step, and expressions are cut into pieces', () => {
    expect(textOf(athenaDialect, filter('city', 'eq', 'x'.repeat(1022)))).toContain('WHERE c0 =')
    expect(() => textOf(athenaDialect, filter('city', 'eq', 'x'.repeat(1023)))).toThrow('Step 1 (filter): Athena takes')
    expect(() => textOf(athenaDialect, filter('city', 'eq', "'".repeat(600)))).toThrow('1024 characters')
    const { text, values, parameters } = dialectQuery(athenaDialect, [filter('city', 'matches', "\\pL'{500}")])
    expect(text).toMatch(/regexp_like\(c0, concat\(CAST\(\? AS varchar\), .*CAST\(\? AS varchar\)\)\)/)
    expect(values.join('')).toMatch(/^\[.*\]\\u0027\{500\}$/s)
    expect(Math.max(...parameters.map((parameter) => String(parameter).length))).toBeLessThanOrEqual(1024)
  })
})

describe('a page', () => {
  it('is bound in the order in which the database wants it', () => {
    const page = (dialect: ServerDialect, offset: number, limit: number | null): string =>
      dialectQuery(dialect, [], { offset, limit }).text.replace(/^.* ORDER BY/s, 'ORDER BY')
    expect(page(athenaDialect, 20, 10)).toBe('ORDER BY c5 ASC NULLS LAST OFFSET ? LIMIT ?')
    expect(dialectQuery(athenaDialect, [], { offset: 20, limit: 10 }).parameters).toEqual(['20', '10'])
    expect(page(bigqueryDialect, 20, 10)).toBe('ORDER BY c5 IS NULL, c5 LIMIT @p1 OFFSET @p2')
    expect(page(bigqueryDialect, 20, null)).toBe('ORDER BY c5 IS NULL, c5 LIMIT 9223372036854775807 OFFSET @p1')
    expect(page(clickhouseDialect, 20, 10)).toBe('ORDER BY c5 ASC NULLS LAST LIMIT {p1:UInt64} OFFSET {p2:UInt64}')
    expect(page(clickhouseDialect, 20, null)).toBe('ORDER BY c5 ASC NULLS LAST OFFSET {p1:UInt64}')
  })
})

describe('the text of a query', () => {
  it('partitions by no doubles in BigQuery, which refuses them', () => {
    const rank = { name: 'rank', value_col: 'units', order: 'asc', method: 'dense', groupby: ['amount', 'city'] }
    const top = { name: 'top', rank_on: 'units', sort: 'desc', limit: 3, groups: ['amount'] }
    expect(textOf(bigqueryDialect, rank)).toContain('PARTITION BY TO_JSON_STRING(c2), c0 ORDER BY')
    expect(textOf(bigqueryDialect, top)).toContain('PARTITION BY TO_JSON_STRING(c2) ORDER BY c1 DESC,')
    for (const dialect of [athenaDialect, clickhouseDialect]) {
      expect(textOf(dialect, rank)).toContain('PARTITION BY c2, c0 ORDER BY')
    }
  })

  it('joins an integer and a number as numbers', () => {
    const join = { name: 'join', right_pipeline: 'sales', type: 'left', on: [['units', 'amount']] }
    expect(textOf(clickhouseDialect, join)).toMatch(/ON CAST\(c1 AS Nullable\(Float64\)\) = c\d+/)
    const alike = { ...join, on: [['units', 'units']] }
    expect(textOf(clickhouseDialect, alike)).toMatch(/ON c1 = c\d+/)
  })

  it.each(dialects)('of $name grows with the length of a formula, not with a power of it', (dialect) => {
    for (const operator of ['+', '*', '/', '%']) {
      const chain = (length: number) => formula(Array.from({ length }, () => 'amount').join(` ${operator} `))
      const [five, fifty] = [5, 50].map((length) => textOf(dialect, chain(length)).length)
      expect(fifty).toBeLessThan((five ?? 0) * 10)
    }
  })

  it.each([
    { dialect: bigqueryDialect, sum: 'SAFE_ADD(c1, c1)', rest: 'MOD(c1, NULLIF(c1, 0))', quotient: 'SAFE_DIVIDE(' },
    { dialect: athenaDialect, sum: 'TRY(c1 + c1)', rest: 'TRY(c1 % c1)', quotient: '/ nullif(' },
    { dialect: clickhouseDialect, sum: 'accurateCastOrNull((', rest: '% nullIf(', quotient: 'ifNotFinite((' },
  ])('of $dialect.name aborts for no integer', ({ dialect, sum, rest, quotient }) => {
    expect(textOf(dialect, formula('units + units'))).toContain(sum)
    expect(textOf(dialect, formula('units % units'))).toContain(rest)
    expect(textOf(dialect, formula('units / units'))).toContain(quotient)
  })

  it('searches with the expression that each database reads as RE2 would', () => {
    const searched = (dialect: ServerDialect) => dialectQuery(dialect, [filter('city', 'matches', '^a.(?i)k$')]).values
    expect(searched(bigqueryDialect)).toEqual(['^a.(?i)k$'])
    expect(searched(clickhouseDialect)).toEqual(['(?-s)^a.(?i)k$'])
    expect(searched(athenaDialect)).toEqual(['\\Aa[^\\u000a][Kk\\u212a]\\z'])
  })
})
