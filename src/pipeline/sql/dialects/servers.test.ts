import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../base/index.ts'
import {
  type Column,
  compileSql,
  mapDomainSteps,
  mysqlDialect,
  parsePipeline,
  postgresDialect,
  type Query,
  renderPipeline,
  renderSql,
  type ServerDialect,
} from '../../index.ts'

const now = new Date('2024-05-05T12:00:00Z')
const columns: readonly Column[] = [
  { name: 'city "`', type: 'text' },
  { name: 'units', type: 'integer' },
  { name: 'amount', type: 'number' },
  { name: 'open', type: 'boolean' },
]

function compiled(dialect: ServerDialect, ...steps: object[]) {
  const pipeline = renderPipeline(parsePipeline([{ name: 'domain', domain: 'sales' }, ...steps], {}), {}, now)
  const query: Query = { pipeline: mapDomainSteps(pipeline, (step) => ({ ...step, rule: { always: true } })) }
  const physical = columns.map((column) => ({ ...column, id: dialect.quote(column.name) }))
  const source = { table: { texts: ['main.sales'], values: [] }, columns: physical, rowOrder: dialect.quote('n') }
  return compileSql(query, { source: () => source, dialect, now })
}

function textOf(dialect: ServerDialect, ...steps: object[]): string {
  return renderSql(compiled(dialect, ...steps).rows({ offset: 0, limit: null }), dialect.placeholder).text
}

describe('names', () => {
  it('are quoted so that nothing in them ends the quoting', () => {
    expect(postgresDialect.quote('a"; --')).toBe('"a""; --"')
    expect(mysqlDialect.quote('a`; -- \\')).toBe('`a``; -- \\`')
    expect(textOf(postgresDialect)).toContain('CAST("city ""`" AS text) COLLATE "C" AS c0')
    expect(textOf(mysqlDialect)).toContain('CONVERT(`city "``` USING utf8mb4) COLLATE')
  })
})

describe('values', () => {
  it('are handed to drivers as texts', () => {
    for (const dialect of [postgresDialect, mysqlDialect]) {
      expect([null, true, false, 2n ** 63n - 1n, 1e-7, 'x'].map(dialect.parameter)).toEqual([
        null,
        '1',
        '0',
        '9223372036854775807',
        '1e-7',
        'x',
      ])
      expect(dialect.parameter(new Date('2024-02-29T23:59:59.001Z'))).toBe('2024-02-29 23:59:59.001')
    }
  })

  it('beyond the dates of a server are its first or last one', () => {
    const [early, late] = [new Date(-8.64e15), new Date(8.64e15)]
    expect([early, late].map(postgresDialect.parameter)).toEqual([
      '4713-01-01 00:00:00 BC',
      '275760-09-13 00:00:00.000',
    ])
    expect([early, late].map(mysqlDialect.parameter)).toEqual(['0000-01-01 00:00:00', '9999-12-31 23:59:59.999999'])
    expect(postgresDialect.parameter(new Date('-000043-03-15T00:00:00Z'))).toBe('0044-03-15 00:00:00.000 BC')
  })

  it('that a server cannot hold are refused before it is asked, with the step', () => {
    const filter = { name: 'filter', condition: { column: 'city "`', operator: 'eq', value: 'a\0b' } }
    const refusal = (): string => {
      try {
        textOf(postgresDialect, filter)
      } catch (error) {
        if (isProblem(error, 'pipeline_invalid')) return error.message
      }
      return ''
    }
    expect(refusal()).toBe('Step 1 (filter): PostgreSQL has no texts with the character NUL.')
    expect(textOf(mysqlDialect, filter)).not.toContain('\0')
  })
})

describe('an expression that a server would refuse', () => {
  it('is refused with its step', () => {
    const matches = (value: string) => ({
      name: 'filter',
      condition: { column: 'city "`', operator: 'matches', value },
    })
    expect(() => textOf(mysqlDialect, matches('(?:\\pL|x\\pN){500}'))).toThrow(
      'Step 1 (filter): the regular expression',
    )
    expect(textOf(mysqlDialect, matches('\\pL{1000}'))).toContain('REGEXP')
    expect(textOf(mysqlDialect, matches('a|b'.repeat(2000)))).toContain('REGEXP')
  })
})

describe('the text of a query', () => {
  it('has placeholders of known types', () => {
    const condition = { column: 'units', operator: 'gt', value: 5 }
    const steps = [
      { name: 'filter', condition },
      { name: 'top', rank_on: 'amount', sort: 'desc', limit: 3 },
    ]
    expect(textOf(postgresDialect, ...steps)).toContain('WHERE c1 > CAST($1 AS bigint)')
    expect(textOf(postgresDialect, ...steps)).toContain('ORDER BY c2 DESC NULLS LAST, c4 ASC NULLS LAST LIMIT')
    expect(textOf(mysqlDialect, ...steps)).toContain('WHERE c1 > CAST(? AS SIGNED)')
    expect(textOf(mysqlDialect, ...steps)).toContain('ORDER BY c2 IS NULL, c2 DESC, c4 IS NULL, c4 LIMIT ?)')
  })

  it('has a bound on the rows where there is only an offset', () => {
    const page = { offset: 20, limit: null }
    const [postgres, mysql] = [postgresDialect, mysqlDialect].map(
      (dialect) => renderSql(compiled(dialect).rows(page), dialect.placeholder).text,
    )
    expect(postgres).toMatch(/ORDER BY c4 ASC NULLS LAST OFFSET CAST\(\$1 AS bigint\)$/)
    expect(mysql).toMatch(/ORDER BY c4 IS NULL, c4 LIMIT 18446744073709551615 OFFSET \?$/)
  })

  it('keeps the order outside of what shapes the rows', () => {
    const shape = () => ({ texts: ['c1'], values: [] })
    const { text } = renderSql(compiled(mysqlDialect).rows({ offset: 0, limit: 5 }, shape), mysqlDialect.placeholder)
    expect(text).toMatch(/^WITH .* SELECT c1 FROM \(SELECT c0, .* LIMIT \?\) page ORDER BY c4 IS NULL, c4$/s)
  })

  it('grows with the length of a formula, not with a power of it', () => {
    const chain = (length: number) => ({
      name: 'formula',
      new_column: 'x',
      formula: Array.from({ length }, () => 'amount').join(' * '),
    })
    for (const dialect of [postgresDialect, mysqlDialect]) {
      const [ten, hundred] = [10, 100].map((length) => textOf(dialect, chain(length)).length)
      // Each operation hands on the names of those before it.
      expect(hundred).toBeLessThan((ten ?? 0) * 25)
    }
  })

  it('keeps servers from putting expressions into one another', () => {
    const formula = { name: 'formula', new_column: 'x', formula: 'amount * 2' }
    expect(
      textOf(postgresDialect, formula, { name: 'uppercase', column: 'city "`' }).match(/OFFSET 0\)/g),
    ).toHaveLength(2)
    expect(textOf(mysqlDialect, formula).match(/LIMIT 18446744073709551615\)/g)).toHaveLength(1)
  })

  it('joins fully without a full join in MySQL', () => {
    const join = { name: 'join', right_pipeline: 'sales', type: 'full outer', on: [['units', 'units']] }
    expect(textOf(postgresDialect, join)).toContain('FULL OUTER JOIN')
    expect(textOf(mysqlDialect, join)).toMatch(/LEFT JOIN s1 ON .* UNION ALL SELECT NULL AS c0.* WHERE NOT EXISTS/s)
  })
})
