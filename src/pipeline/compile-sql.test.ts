import { describe, expect, it } from 'vitest'
import { memoryTables } from '../../test/builders/memory-tables.ts'
import { isProblem } from '../base/index.ts'
import {
  bind,
  type Column,
  type Condition,
  compileSql,
  domainsOf,
  duckdbDialect,
  identifier,
  joinSql,
  mapDomainSteps,
  parsePipeline,
  type Query,
  renderPipeline,
  renderSql,
  type SqlSource,
  sql,
} from './index.ts'

const now = new Date('2024-05-05T12:00:00Z')

function queryOf(raw: unknown, rule: Condition = { always: true }): Query {
  const pipeline = renderPipeline(parsePipeline(raw, {}), {}, now)
  return { pipeline: mapDomainSteps(pipeline, (step) => ({ ...step, rule })) }
}

function sourceOf(columns: readonly Column[], rowOrder: string | null = 'rowid'): SqlSource {
  const physical = columns.map((column, index) => ({ ...column, id: `"p${index}"` }))
  return { table: { texts: ['main.data'], values: [] }, columns: physical, ...(rowOrder === null ? {} : { rowOrder }) }
}

function textOf(query: Query, source: SqlSource, page = { offset: 0, limit: null as number | null }) {
  const compiled = compileSql(query, { source: () => source, dialect: duckdbDialect, now })
  return { compiled, ...renderSql(compiled.rows(page), duckdbDialect.placeholder) }
}

const plain = sourceOf([
  { name: 'a', type: 'integer' },
  { name: 'b', type: 'text' },
])
const domain = { name: 'domain', domain: 'd' }

describe('the text', () => {
  it('lists columns by generated names and needs no ORDER BY while rows come in their own order', () => {
    const raw = [
      domain,
      { name: 'filter', condition: { column: 'b', operator: 'eq', value: 'x' } },
      { name: 'delete', columns: ['b'] },
    ]
    expect(textOf(queryOf(raw), plain).text).toBe(
      'WITH s0 AS (SELECT "p0" AS c0, "p1" AS c1, rowid AS c2 FROM main.data), ' +
        's1 AS (SELECT c0, c1, c2 FROM s0 WHERE c1 = CAST($1 AS VARCHAR)) SELECT c0 FROM s1',
    )
  })

  it('orders by what the steps left, then by the row order', () => {
    const raw = [
      domain,
      { name: 'sort', columns: [{ column: 'b', order: 'desc' }] },
      { name: 'select', columns: ['a'] },
    ]
    expect(textOf(queryOf(raw), plain, { offset: 20, limit: 10 })).toMatchObject({
      text: expect.stringMatching(
        /SELECT c0 FROM s0 ORDER BY c1 DESC NULLS LAST, c2 ASC NULLS LAST LIMIT CAST\(\$1 AS BIGINT\) OFFSET CAST\(\$2 AS BIGINT\)$/,
      ),
      values: [
        { value: 10, type: 'integer' },
        { value: 20, type: 'integer' },
      ],
    })
    expect(textOf(queryOf([domain]), sourceOf([{ name: 'a', type: 'integer' }], null)).text).not.toContain('ORDER BY')
  })

  it('counts without ordering, and shapes only the rows of the page', () => {
    const query = queryOf([domain, { name: 'sort', columns: [{ column: 'a', order: 'asc' }] }])
    const { compiled } = textOf(query, plain)
    expect(renderSql(compiled.count(), duckdbDialect.placeholder).text).toMatch(/SELECT count\(\*\) FROM s0$/)
    const shaped = compiled.rows(
      { offset: 0, limit: 5 },
      (columns) =>
        sql`json_array(${joinSql(
          columns.map(({ id }) => identifier(id)),
          ', ',
        )}, ${bind('x', 'text')})`,
    )
    expect(renderSql(shaped, duckdbDialect.placeholder)).toMatchObject({
      text: expect.stringMatching(
        /SELECT json_array\(c0, c1, CAST\(\$1 AS VARCHAR\)\) FROM \(SELECT c0, c1 FROM s0 ORDER BY .* LIMIT CAST\(\$2 AS BIGINT\)\) page$/,
      ),
      values: [{ value: 'x' }, { value: 5 }],
    })
  })

  it('puts the rule on the rows of every domain, before anything else', () => {
    const raw = [
      domain,
      {
        name: 'join',
        right_pipeline: [domain, { name: 'join', right_pipeline: 'd', type: 'left', on: [['a', 'a']] }],
        type: 'left',
        on: [['a', 'a']],
      },
    ]
    const rule: Condition = { and: [{ column: 'b', operator: 'eq', value: 'mine' }, { always: true }] }
    const { text, values } = textOf(queryOf(raw, rule), plain)
    expect(text.match(/WHERE \(c\d+ = CAST\(\$\d AS VARCHAR\) AND 1 = 1\)/g)).toHaveLength(3)
    expect(text.match(/FROM main\.data\)/g)).toHaveLength(3)
    expect(values).toEqual([1, 2, 3].map(() => ({ value: 'mine', type: 'text' })))
  })

  it('takes a rule about a column that a step names otherwise', () => {
    const raw = [
      domain,
      {
        name: 'rename',
        to_rename: [
          ['a', 'b'],
          ['b', 'a'],
        ],
      },
    ]
    expect(textOf(queryOf(raw, { column: 'b', operator: 'eq', value: 'x' }), plain).text).toContain('WHERE c1 =')
  })
})

const hostile = [
  '"',
  "'",
  '`',
  ';',
  '--',
  '/*',
  '*/',
  '\\',
  '$1',
  '$where',
  '?',
  '%s',
  '{',
  ':name',
  'a"b',
  "'; DROP TABLE data; --",
  '"; DROP TABLE data; --',
  '\u0000',
  'a\u0000b',
  '\n',
  '\u2028',
  '\u202E',
  '😀',
  'é',
  ' ',
  'c0',
  's0',
  'rowid',
  'select',
  'null',
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(300),
]

describe('what people write', () => {
  /** A name and values in every place where a step can hold one. */
  function everywhere(name: string, value: string): object[] {
    const other = `${name}2`
    return [
      domain,
      {
        name: 'filter',
        condition: {
          or: [
            { column: name, operator: 'eq', value },
            { column: name, operator: 'ne', value },
            { column: name, operator: 'in', value: [value, null] },
            { column: name, operator: 'nin', value: [value] },
            { column: name, operator: 'ge', value },
            { column: name, operator: 'matches', value: value.replace(/[^\p{L}\p{N}]/gu, '.') },
          ],
        },
      },
      { name: 'formula', new_column: other, formula: `"${value.replace(/[\\"]/g, '\\$&')}" + [plain]` },
      { name: 'formula', new_column: `${name}3`, formula: 'n * 1.5 + 7' },
      { name: 'rename', to_rename: [[other, `${other}'`]] },
      { name: 'sort', columns: [{ column: name, order: 'desc' }] },
      { name: 'top', rank_on: name, sort: 'asc', limit: 50, groups: [`${other}'`] },
      { name: 'join', right_pipeline: name, type: 'left', on: [[name, name]] },
      {
        name: 'aggregate',
        on: [name],
        keep_original_granularity: true,
        aggregations: [{ aggfunction: 'last', newcolumns: [`${name}4`], columns: [name] }],
      },
      { name: 'select', columns: [name, `${name}4`, `${other}'`] },
      { name: 'delete', columns: [`${name}4`] },
    ]
  }

  it.each(hostile)('never stands in the text: %j', (bad) => {
    const marker = 'ZQXJ7'
    const [name, value] = [`${marker}n${bad}`, `${marker}v${bad}`]
    const source = sourceOf([
      { name, type: 'text' },
      { name: 'plain', type: 'text' },
      { name: 'n', type: 'number' },
    ])
    const { text, values } = textOf(queryOf(everywhere(name, value), { column: name, operator: 'eq', value }), source)
    expect(text).not.toContain(marker)
    // Nothing but what this room writes: no quotes except around the source's own columns, no comment, no semicolon.
    expect(text).toMatch(/^[A-Za-z0-9_ ,.()*+<>=$"|-]+$/)
    expect(text).not.toMatch(/--|;/)
    expect(text.match(/"[^"]*"/g)?.every((quoted) => /^"p\d"$/.test(quoted))).toBe(true)
    expect(values.some((bound) => bound.value === value)).toBe(true)
  })

  it('comes back unharmed from the database', async () => {
    const text = (bad: string) => `v${bad}`
    const names = hostile.map((bad) => `n${bad}`)
    const tables = await memoryTables({
      d: {
        columns: Object.fromEntries(names.map((name) => [name, 'text'])),
        rows: [hostile.map(text), hostile.map(() => null)],
      },
    })
    for (const [index, name] of names.entries()) {
      const value = text(hostile[index] ?? '')
      const filter = { name: 'filter', condition: { column: name, operator: 'eq', value } }
      const formula = {
        name: 'formula',
        new_column: `${name}!`,
        formula: `[${name}] + "${value.replace(/[\\"]/g, '\\$&')}"`,
      }
      const { columns, rows } = await tables.ask([
        domain,
        filter,
        formula,
        { name: 'select', columns: [name, `${name}!`] },
      ])
      expect(columns.map((column) => column.name)).toEqual([name, `${name}!`])
      expect(rows).toEqual([[value, value + value]])
    }
    tables.close()
  })

  it('is quoted by the dialect where a source needs a name', () => {
    expect(duckdbDialect.quote('a"b')).toBe('"a""b"')
    for (const bad of hostile) expect(() => identifier(duckdbDialect.quote(bad)).texts).not.toThrow(/never/)
    for (const bad of ['a b', 'x; drop', '"a"b"', '"', '', 'c0, c1', '"a" --', '(select 1)', 'C0', '"a\u0000"']) {
      expect(() => identifier(bad), bad).toThrow(expect.objectContaining({ code: 'internal' }))
    }
  })
})

describe('the same query', () => {
  it('gives the same bytes, also after a copy without places', () => {
    const raw = [
      domain,
      { name: 'formula', newColumn: 'x', formula: 'a % 3' },
      { name: 'aggregate', on: ['x'], aggregations: [{ aggfunction: 'sum', newcolumns: ['s'], columns: ['a'] }] },
      { name: 'join', right_pipeline: 'd', type: 'inner', on: [['x', 'a']] },
    ]
    const query = queryOf(raw)
    const copy: Query = structuredClone(query)
    expect(textOf(copy, plain).text).toBe(textOf(query, plain).text)
    expect(textOf(queryOf(raw), plain).text).toBe(textOf(query, plain).text)
  })
})

describe('what must not be compiled', () => {
  function refusal(query: Query, source: SqlSource = plain) {
    try {
      textOf(query, source)
    } catch (error) {
      if (isProblem(error)) return error
      throw error
    }
    return undefined
  }

  it('is a domain without a decision, at any depth', () => {
    const bare: Query = { pipeline: renderPipeline(parsePipeline([domain], {}), {}, now) }
    expect(refusal(bare)?.code).toBe('internal')
    const join = { name: 'join', right_pipeline: 'other', type: 'left', on: [['a', 'a']] }
    const half = {
      pipeline: mapDomainSteps(queryOf([domain, join]).pipeline, (step) =>
        step.domain === 'other' ? { name: 'domain', domain: 'other' } : step,
      ),
    }
    expect(refusal(half)?.code).toBe('internal')
  })

  it('is a rule on a column that the domain lacks', () => {
    const problem = refusal(
      queryOf([domain, { name: 'select', columns: ['a'] }], {
        or: [{ always: false }, { column: 'B', operator: 'eq', value: 1 }],
      }),
    )
    expect(problem).toMatchObject({ code: 'data_refused', errors: [{ column: 'B', nearest: ['b', 'a'] }] })
    expect(problem?.message).toContain('"B"')
  })

  it('is a rule that combines nothing', () => {
    expect(refusal(queryOf([domain], { and: [] }))?.code).toBe('internal')
  })

  it('passes on what the source says about a domain', () => {
    expect(() =>
      compileSql(queryOf([domain]), {
        source: () => {
          throw new RangeError('no such domain')
        },
        dialect: duckdbDialect,
        now,
      }),
    ).toThrow('no such domain')
  })
})

describe('mapDomainSteps and domainsOf', () => {
  it('reach every domain, also inside of steps that nobody has written yet, and keep places', () => {
    const nested = { name: 'domain', domain: 'nested' } as const
    const future = {
      name: 'future',
      deep: { pipelines: [[nested, { name: 'inner', pipeline: [{ name: 'domain', domain: 'inner' }] }]], day: now },
    }
    const pipeline = [domain, future] as unknown as Query['pipeline']
    expect(domainsOf(pipeline).map((use) => use.domain)).toEqual(['d', 'nested', 'inner'])
    const mapped = mapDomainSteps(pipeline, (step) => ({ ...step, rule: { always: false } }))
    expect(JSON.stringify(mapped).match(/"rule":\{"always":false\}/g)).toHaveLength(3)
    expect(mapped[1]).toMatchObject({ deep: { day: now } })
    expect(JSON.stringify(pipeline)).not.toContain('rule')
  })

  it('name the place of the first use', () => {
    const raw = [
      domain,
      { name: 'join', right_pipeline: 'e', type: 'left', on: [['a', 'a']] },
      { name: 'join', right_pipeline: [{ name: 'domain', domain: 'e' }], type: 'left', on: [['a', 'a']] },
    ]
    expect(domainsOf(queryOf(raw).pipeline)).toEqual([
      { domain: 'd', path: '/pipeline/0' },
      { domain: 'e', path: '/pipeline/1/right_pipeline' },
    ])
  })
})
