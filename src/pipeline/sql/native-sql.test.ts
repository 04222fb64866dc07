import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isProblem, type Problem } from '../../base/index.ts'
import { readNativeSql, renderSql, type Sql } from '../index.ts'

function read(text: string, variables: Parameters<typeof readNativeSql>[1] = {}): Sql {
  return readNativeSql(text, variables, 'postgres')
}

function textOf(fragment: Sql): string {
  return renderSql(fragment, (n) => `$${n}`).text
}

function problemOf(text: string, variables: Parameters<typeof readNativeSql>[1] = {}): Problem {
  try {
    read(text, variables)
  } catch (error) {
    if (isProblem(error)) return error
    throw error
  }
  throw new Error(`it was taken: ${text}`)
}

describe('a native query', () => {
  it.each([
    ['select 1', 'select 1'],
    ['SELECT a, b FROM t WHERE a > 3;', 'SELECT a, b FROM t WHERE a > 3'],
    ['select 1 ; ; ', 'select 1'],
    ['with x as (select 1) select * from x', 'with x as (select 1) select * from x'],
    ['values (1, 2)', 'values (1, 2)'],
    ['table public.sales', 'table public.sales'],
    ['((select 1)) union all (select 2)', '((select 1)) union all (select 2)'],
    ["select ';'", "select ';'"],
    ["select 'it''s; drop'", "select 'it''s; drop'"],
    ["select E'it\\'s; drop'", "select E'it\\'s; drop'"],
    ["select E'\\'; select 2 --'", "select E'\\'; select 2 --'"],
    ["select '\\'", "select '\\'"],
    ['select "semi;colon" from t', 'select "semi;colon" from t'],
    ['select "quoted ""name""" from t', 'select "quoted ""name""" from t'],
    ['select $$; drop table t$$', 'select $$; drop table t$$'],
    ["select $a$ $b$ ' $a$", "select $a$ $b$ ' $a$"],
    ['select a$b$ from t', 'select a$b$ from t'],
    ["select B'01', x'ff', N'a', U&'\\0061'", "select B'01', x'ff', N'a', U&'\\0061'"],
    ['select 1 -- the end; drop', 'select 1'],
    ['select 1 /* a /* nested; */ comment */ + 2', 'select 1 + 2'],
    ['select/**/1', 'select 1'],
    ["select 1 - -- '\n -1", 'select 1 - -1'],
    ['select 1 --\r, 2', 'select 1 , 2'],
    ['select t.update, "delete" from t', 'select t.update, "delete" from t'],
    ["select '{1,2}'::int[]", "select '{1,2}'::int[]"],
    ['select 1e5, .5, 1., 1.5e-3, 0x1F', 'select 1e5, .5, 1., 1.5e-3, 0x1F'],
    ['select s.s1 from sales s', 'select s.s1 from sales s'],
    ['select * from public.s0 as s1', 'select * from public.s0 as s1'],
    ['select größe from t', 'select größe from t'],
  ])('is taken: %s', (text, expected) => {
    expect(textOf(read(text))).toBe(expected)
  })

  it.each([
    ['', 0, /begins with SELECT/],
    ['  -- nothing', 0, /begins with SELECT/],
    ['insert into t values (1)', 0, /begins with SELECT/],
    ['explain analyze select 1', 0, /begins with SELECT/],
    ['copy t to program $$x$$', 0, /begins with SELECT/],
    ['set role admin', 0, /begins with SELECT/],
    ['"select" 1', 0, /begins with SELECT/],
    ['select 1; select 2', 8, /one statement/],
    ["select E'\\'; select 2 --", 7, /not closed/],
    ["select '\\'; drop table t --'", 10, /one statement/],
    ['select $a$ $a$; drop table t', 14, /one statement/],
    ['select 1a$$;$$', 12, /no end/],
    ['select /* ; */ 1; drop table t', 16, /one statement/],
    ['with x as (delete from t returning *) select * from x', 11, /DELETE/],
    ['with x as (UpDaTe t set a = 1 returning *) select * from x', 11, /UPDATE/],
    ['with x as (/**/insert into t values (1) returning *) select * from x', 15, /INSERT/],
    ['with x as (select 1) merge into t using x on true when matched then delete', 21, /MERGE/],
    ['with x as (select 1) delete from t', 21, /DELETE/],
    ['select 1 into t', 9, /INTO/],
    ['select * from t for update', 20, /UPDATE/],
    ['select * from t for no key update', 16, /locks/],
    ['select * from t for\nkey share', 16, /locks/],
    ['select * from t FOR Share', 16, /locks/],
    ['select 1) as x, (select 2', 8, /closes nothing/],
    ['select 1) union select 2 --', 8, /closes nothing/],
    ['select (1', 7, /not closed/],
    ['select (1]', 9, /closes nothing/],
    ['select [1', 7, /not closed/],
    ["select 'a", 7, /quotation mark/],
    ['select "a', 7, /quotation mark/],
    ['select $x$ a $y$', 7, /no end/],
    ['select 1 /* /* */', 9, /comment is not closed/],
    ['select $1', 7, /"\$" cannot/],
    ['select 1 \\ 2', 9, /cannot stand here/],
    ['select `a`', 7, /cannot stand here/],
    ['select 1\0', 8, /NUL/],
    ["select 'a\0'", 9, /NUL/],
    ["select 'a'\n'b'", 11, /go on/],
    ["select E'a'\n'\\'; drop table t'", 12, /go on/],
    ["select E'a' -- x\n'b'", 17, /go on/],
    ['select U&"\\0070g_sleep"(1)', 7, /unicode escapes/],
    ['select pg_sleep(1)', 7, /pg_sleep/],
    ['select pg_catalog . PG_Sleep /* x */ (1)', 20, /pg_sleep/],
    ['select "pg_sleep"(1)', 7, /pg_sleep/],
    ["select pg_read_file('/etc/passwd')", 7, /pg_read_file/],
    ["select lo_import('/etc/passwd')", 7, /lo_import/],
    ["select * from dblink('host=x', 'select 1')", 14, /dblink/],
    ["select set_config('transaction_read_only', 'off', false)", 7, /set_config/],
    ["select query_to_xml('drop table t', true, true, '')", 7, /query_to_xml/],
    ["select nextval('s')", 7, /nextval/],
    ['select pg_advisory_lock(1)', 7, /pg_advisory_lock/],
    ['select * from s0', 14, /schema/],
    ['select * from t, "s12"', 17, /schema/],
    ['select * from t join S3 on true', 21, /schema/],
  ])('is refused: %s', (text, position, message) => {
    const problem = problemOf(text)
    expect(problem.code).toBe('data_refused')
    expect(problem.message).toMatch(message)
    expect(problem.errors[0]?.position).toBe(position)
  })

  it('is refused beyond its length', () => {
    expect(problemOf(`select '${'a'.repeat(100_000)}'`).message).toMatch(/100000/)
  })

  it('is read in a time that grows with its length', () => {
    const started = performance.now()
    expect(read(`select ${Array.from({ length: 20_000 }, () => 'a').join(' , ')}`).values).toEqual([])
    const variables = { a: 1 }
    expect(read(`select ${Array.from({ length: 10_000 }, () => '{{a}}').join()}`, variables).values).toHaveLength(
      10_000,
    )
    for (const piece of ['(', '/*', "E'\\", '$a$', '{{', "{{ '}}", '{{ {'])
      expect(problemOf(`select ${piece.repeat(20_000)}`.slice(0, 100_000)).code).toBe('data_refused')
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('variables of a native query', () => {
  it('are bound with their types', () => {
    const date = new Date('2024-02-29T00:00:00Z')
    const variables = { text: "'; drop", whole: 3, half: 0.5, yes: true, none: null, date, big: 2n ** 60n, far: 1e300 }
    const { texts, values } = read(
      'select {{ text }},{{whole}},{{ half }},{{ yes }},{{ none }},{{ date }},{{ big }},{{ far }}',
      variables,
    )
    expect(texts.join('?')).not.toContain('drop')
    expect(values).toEqual([
      { value: "'; drop", type: 'text' },
      { value: 3, type: 'integer' },
      { value: 0.5, type: 'number' },
      { value: true, type: 'boolean' },
      { value: null, type: 'text' },
      { value: date, type: 'date' },
      { value: 2n ** 60n, type: 'integer' },
      { value: 1e300, type: 'number' },
    ])
  })

  it('may be expressions', () => {
    const { values } = read('select {{ user.attributes.limit | default(10) }}', { user: { attributes: {} } })
    expect(values).toEqual([{ value: 10, type: 'integer' }])
  })

  it('are lists in brackets', () => {
    expect(read("select {{ a ~ '}}' }}", { a: 'x' }).values).toEqual([{ value: 'x}}', type: 'text' }])
    const list = read('select * from t where a in ({{ list }})', { list: ['x', 'y'] })
    expect(textOf(list)).toBe('select * from t where a in ( $1, $2 )')
    expect(read('select 1 where 1 in ({{ list }})', { list: [] }).values).toEqual([{ value: null, type: 'text' }])
  })

  it('do not melt into what stands beside them', () => {
    expect(textOf(read('select E{{ a }}b', { a: 'x' }))).toBe('select E $1 b')
    expect(textOf(read('select {{ a }}{{ a }}', { a: 'x' }))).toBe('select $1  $2 ')
  })

  it.each([
    ["select '{{ a }}'", 8],
    ['select "{{ a }}"', 8],
    ['select $$ {{ a }} $$', 10],
    ['select 1 -- {{ a }}', 12],
    ['select 1 /* {% if a %} */', 12],
    ['select {% if a %} 1 {% endif %}', 7],
    ['select {# a #} 1', 7],
    ['select {{ a ', 7],
    ['select { a }', 7],
    ['select }} 1', 7],
    ["select {{ '}}' ", 7],
  ])('are refused outside of the statement itself: %s', (text, position) => {
    const problem = problemOf(text, { a: 1 })
    expect(problem.code).toBe('data_refused')
    expect(problem.errors[0]?.position).toBe(position)
  })

  it('are named when they are not there', () => {
    const problem = problemOf('select {{ a }}, {{ country }}', { a: 1 })
    expect(problem.code).toBe('pipeline_invalid')
    expect(problem.message).toContain('country')
    expect(problem.errors[0]?.position).toBe(16)
  })

  it('are single values', () => {
    expect(problemOf('select {{ a }}', { a: { b: 1 } }).code).toBe('pipeline_invalid')
    expect(problemOf('select {{ a }}', { a: [[1]] }).code).toBe('pipeline_invalid')
    expect(problemOf('select {{ a + }}', { a: 1 }).code).toBe('pipeline_invalid')
  })

  it('never stand in the text, whatever they hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (value) => {
        const { texts, values } = read('select {{ v }} from t where a = {{ v }}', { v: value })
        expect(texts.join('|')).toBe('select | from t where a = | ')
        expect(values.map((bound) => bound.value)).toEqual([value, value])
      }),
    )
  })
})
