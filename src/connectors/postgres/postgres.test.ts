import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { guardedForTest } from '../../../test/builders/guarded.ts'
import { problemOf } from '../../../test/builders/problem-of.ts'
import { type JsonObject, silentLog, systemClock } from '../../base/index.ts'
import type { Pipeline, Slice, SliceRequest, Step, Value } from '../../pipeline/index.ts'
import { type Connection, type ConnectorLimits, connectors, createDialer } from '../index.ts'

const url = process.env.LAPUTA_TEST_POSTGRES_URL
const never = new AbortController().signal
const pivot: Step = {
  name: 'pivot',
  index: ['seven'],
  columnToPivot: 'label',
  valueColumn: 'n',
  aggFunction: 'sum',
} as Step
const everything: SliceRequest = { offset: 0, limit: null, maxRows: 100_000 }

describe.skipIf(!url)('the PostgreSQL connector', () => {
  const connector = connectors.get('postgres')!
  const schema = `laputa_${randomBytes(6).toString('hex')}`
  const admin = new pg.Client({ connectionString: url })
  const at = new URL(url ?? 'postgres://u@h:1/d')
  const config: JsonObject = {
    host: at.hostname,
    port: Number(at.port),
    user: at.username,
    password: at.password || 'secret-marker',
    database: at.pathname.slice(1),
    ssl: 'disable',
  }
  const limits: ConnectorLimits = { timeoutMs: 10_000, maxRows: 50_000, maxBytes: 10_000_000, concurrency: 3 }
  const open = (change: JsonObject = {}, some: Partial<ConnectorLimits> = {}): Promise<Connection> =>
    connector.open(
      { ...config, ...change },
      {
        dialer: createDialer({ allow: ['127.0.0.0/8', 'localhost'] }),
        clock: systemClock,
        log: silentLog,
        limits: { ...limits, ...some },
      },
    )
  let connection: Connection

  beforeAll(async () => {
    await admin.connect()
    await admin.query(`CREATE SCHEMA ${schema}`)
    await admin.query(`
      CREATE TYPE ${schema}.mood AS ENUM ('good', 'bad');
      CREATE TABLE ${schema}.kinds (
        "i2" smallint, "i4" integer, "i8" bigint, "f4" real, "f8" double precision, "n" numeric, "b" boolean,
        "t" text, "c" char(5), "d" date, "ts" timestamp, "tz" timestamptz, "j" jsonb, "u" uuid, "m" ${schema}.mood,
        "a" integer[], "iv" interval, "by" bytea, "Odd ""name"", ; --" text);
      INSERT INTO ${schema}.kinds VALUES
        (1, 2, 9007199254740993, 0.5, 1e21, 12.50, true, E'a"b\\\\\\n\\u0001é😀', 'ab', '2024-02-29', '2024-02-29 12:30:00.1239',
          '2024-02-29 12:30:00+02', '{"a": [1, null]}', '01234567-89ab-cdef-0123-456789abcdef', 'bad', '{1,2}', '1 day 2 hours', '\\x00ff', 'x'),
        (-1, -2, -9007199254740993, 'NaN', 'Infinity', 'NaN', false, '', '', '0044-03-15 BC', 'infinity',
          '12345-01-01 00:00:00.001+00', 'null', null, 'good', '{}', '-1 day', '', ''),
        (null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null),
        (0, 0, 0, -0.0, -1e-7, 1e300, true, '0', '0', '0001-01-01 BC', '1969-12-31 23:59:59.999', '9999-12-31 23:59:59.999+00', '1',
          null, null, null, null, null, null);
      CREATE TABLE ${schema}.numbers AS SELECT n, n % 7 AS seven, 'label ' || n AS label FROM generate_series(1, 20000) AS n;
      CREATE TABLE ${schema}.huge AS SELECT 10::numeric ^ 400 AS n;
    `)
    connection = await open()
  })
  afterAll(async () => {
    await connection.close()
    await admin.query(`DROP SCHEMA ${schema} CASCADE`)
    await admin.end()
  })

  const engineOf = (query: JsonObject, variables: JsonObject = {}, from = connection) =>
    from.engine(new Map([['d', connector.resolve({ schema, ...query }, variables)]]))
  const pipeline = (...steps: Step[]): Pipeline => [{ name: 'domain', domain: 'd' }, ...steps]
  const fetch = (query: JsonObject, steps: Step[] = [], slice: Partial<SliceRequest> = {}): Promise<Slice> =>
    engineOf(query).fetch(guardedForTest(pipeline(...steps)), { ...everything, ...slice }, never)
  const rowsOf = async (query: JsonObject, steps: Step[] = []): Promise<unknown> =>
    JSON.parse((await fetch(query, steps)).rows.toString())
  const native = (sql: string): JsonObject => ({ sql, schema: 'public' })
  const sortByN: Step = { name: 'sort', columns: [{ column: 'n', order: 'asc' }] }

  const activity = async (like: string): Promise<number> => {
    const text = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()`
    return (await admin.query<{ n: number }>(text, [`%${like}%`])).rows[0]?.n ?? 0
  }
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    const end = Date.now() + 5000
    while (!(await holds())) {
      if (Date.now() > end) throw new Error('it did not happen')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  it('gives the types of a table and JSON as the embedded engine writes it', async () => {
    const answer = await fetch({ table: 'kinds' })
    expect(Object.fromEntries(answer.columns.map(({ name, type }) => [name, type]))).toEqual({
      i2: 'integer',
      i4: 'integer',
      i8: 'integer',
      f4: 'number',
      f8: 'number',
      n: 'number',
      b: 'boolean',
      t: 'text',
      c: 'text',
      d: 'date',
      ts: 'date',
      tz: 'date',
      j: 'text',
      u: 'text',
      m: 'text',
      a: 'text',
      iv: 'text',
      by: 'text',
      'Odd "name", ; --': 'text',
    })
    const text = answer.rows.toString()
    const rows = JSON.parse(text)
    expect(JSON.stringify(rows)).toBe(text)
    expect(rows).toEqual([
      {
        i2: 1,
        i4: 2,
        i8: '9007199254740993',
        f4: 0.5,
        f8: 1e21,
        n: 12.5,
        b: true,
        t: 'a"b\\\n\u0001é😀',
        c: 'ab',
        d: '2024-02-29T00:00:00.000Z',
        ts: '2024-02-29T12:30:00.124Z',
        tz: '2024-02-29T10:30:00.000Z',
        j: '{"a": [1, null]}',
        u: '01234567-89ab-cdef-0123-456789abcdef',
        m: 'bad',
        a: '{1,2}',
        iv: '1 day 02:00:00',
        by: '\\x00ff',
        'Odd "name", ; --': 'x',
      },
      {
        i2: -1,
        i4: -2,
        i8: '-9007199254740993',
        f4: null,
        f8: null,
        n: null,
        b: false,
        t: '',
        c: '',
        d: '-000043-03-15T00:00:00.000Z',
        ts: null,
        tz: '+012345-01-01T00:00:00.001Z',
        j: 'null',
        u: null,
        m: 'good',
        a: '{}',
        iv: '-1 days',
        by: '\\x',
        'Odd "name", ; --': '',
      },
      Object.fromEntries(answer.columns.map(({ name }) => [name, null])),
      {
        i2: 0,
        i4: 0,
        i8: 0,
        f4: 0,
        f8: -1e-7,
        n: 1e300,
        b: true,
        t: '0',
        c: '0',
        d: '0000-01-01T00:00:00.000Z',
        ts: '1969-12-31T23:59:59.999Z',
        tz: '9999-12-31T23:59:59.999Z',
        j: '1',
        u: null,
        m: null,
        a: null,
        iv: null,
        by: null,
        'Odd "name", ; --': null,
      },
    ])
    expect(answer).toMatchObject({ count: 4, page: { total: 4, truncated: false, offset: 0, limit: null } })
  })

  it('streams the same values as it fetches', async () => {
    const engine = engineOf({ table: 'kinds' })
    const rows: Value[][] = []
    for await (const batch of engine.stream(guardedForTest(pipeline()), never))
      rows.push(...batch.rows.map((row) => [...row]))
    const columns = (await fetch({ table: 'kinds' })).columns
    const asJson = rows.map((row) =>
      Object.fromEntries(
        row.map((value, index) => [columns[index]?.name, typeof value === 'bigint' ? String(value) : value]),
      ),
    )
    expect(JSON.parse(JSON.stringify(asJson))).toEqual(await rowsOf({ table: 'kinds' }))
    expect(rows[0]?.[2]).toBe(9007199254740993n)
    expect(rows[0]?.[10]).toEqual(new Date('2024-02-29T12:30:00.124Z'))
  })

  it('pages and counts', async () => {
    const page = await fetch({ table: 'numbers' }, [sortByN], { offset: 10, limit: 3 })
    expect(JSON.parse(page.rows.toString()).map(({ n }: { n: number }) => n)).toEqual([11, 12, 13])
    expect(page.page).toEqual({ offset: 10, limit: 3, total: 20_000, truncated: false })
    const last = await fetch({ table: 'numbers' }, [sortByN], { offset: 19_998, limit: 5 })
    expect(last).toMatchObject({ count: 2, page: { total: 20_000 } })
    const beyond = await fetch({ table: 'numbers' }, [sortByN], { offset: 30_000, limit: 5 })
    expect(beyond).toMatchObject({ count: 0, page: { total: 20_000 } })
    const cut = await fetch({ table: 'numbers' }, [], { maxRows: 5 })
    expect(cut).toMatchObject({ count: 5, page: { total: 20_000, truncated: true } })
  })

  it('runs pipelines in the database, pivots too', async () => {
    const steps: Step[] = [{ name: 'filter', condition: { column: 'n', operator: 'le', value: 2 } }, pivot]
    expect(await rowsOf({ table: 'numbers' }, steps)).toEqual([
      { seven: 1, 'label 1': 1, 'label 2': null },
      { seven: 2, 'label 1': null, 'label 2': 2 },
    ])
  })

  it('keeps to the rule of a domain, and refuses one on a column that is not there', async () => {
    const engine = engineOf({ table: 'numbers' })
    const ruled = (column: string) =>
      guardedForTest(pipeline(sortByN), new Map([['d', { column, operator: 'le', value: 2 }]]))
    expect(JSON.parse((await engine.fetch(ruled('n'), everything, never)).rows.toString())).toHaveLength(2)
    expect((await problemOf(engine.fetch(ruled('secret'), everything, never))).code).toBe('data_refused')
  })

  describe('native queries', () => {
    it('are filtered and continued outside of them, with bound values', async () => {
      const query = { sql: `select n, label from ${schema}.numbers where n < {{ most }} -- the end`, schema: 'public' }
      const engine = engineOf(query, { most: 10 })
      const guarded = guardedForTest(pipeline(sortByN), new Map([['d', { column: 'n', operator: 'ge', value: 8 }]]))
      const { rows } = await engine.fetch(guarded, everything, never)
      expect(rows.toString()).toBe('[{"n":8,"label":"label 8"},{"n":9,"label":"label 9"}]')
    })

    it('take lists and casts of values', async () => {
      const sql = `with x as (table ${schema}.numbers) select n from x where n in ({{ list }}) and {{ day }}::date is not null`
      const engine = engineOf(native(sql), { list: [3, 4], day: '2024-01-01' })
      const { rows } = await engine.fetch(guardedForTest(pipeline(sortByN)), everything, never)
      expect(rows.toString()).toBe('[{"n":3},{"n":4}]')
    })

    it('need columns with different names', async () => {
      const double = await problemOf(fetch(native('select 1 as a, 2 as a')))
      expect(double).toMatchObject({ code: 'query_failed', message: expect.stringContaining('"a"') })
      expect((await problemOf(fetch(native('select 1')))).message).toContain('without a name')
    })

    it('cannot write, whatever the tokens let through', async () => {
      await admin.query(`CREATE FUNCTION ${schema}.sneaky() RETURNS integer LANGUAGE sql VOLATILE AS
        'INSERT INTO ${schema}.numbers VALUES (-1, -1, ''x''); SELECT 1'`)
      const problem = await problemOf(fetch(native(`select ${schema}.sneaky() as a`)))
      expect(problem.code).toBe('query_failed')
      expect(problem.message).toContain('only read')
      expect((await admin.query(`SELECT 1 FROM ${schema}.numbers WHERE n < 0`)).rowCount).toBe(0)
    })

    it('say what is wrong with their words, and never a value of a row', async () => {
      expect((await problemOf(fetch(native('select nothing_here as a')))).message).toContain('nothing_here')
      const problem = await problemOf(fetch(native(`select label::int as a from ${schema}.numbers`)))
      expect(problem.code).toBe('query_failed')
      expect(problem.message).not.toContain('label 1')
    })

    it('leave nothing behind for the next query', async () => {
      const one = await open({}, { concurrency: 1 })
      const run = (sql: string) =>
        engineOf(native(sql), {}, one)
          .fetch(guardedForTest(pipeline()), everything, never)
          .then(({ rows }) => rows.toString())
      await problemOf(run('select 1/0 as a'))
      expect(await run(`select current_setting('transaction_read_only') || pg_backend_pid() as a`)).toMatch(/on\d+/)
      const [first, second] = [await run('select pg_backend_pid() as a'), await run('select pg_backend_pid() as a')]
      expect(first).toBe(second)
      await one.close()
    })
  })

  describe('limits', () => {
    it('end a query at the server when its time is over', async () => {
      const hasty = await open({ statement_timeout: 0.2 })
      const work = engineOf(native(slow('hasty')), {}, hasty).fetch(guardedForTest(pipeline()), everything, never)
      expect((await problemOf(work)).code).toBe('source_timeout')
      expect(await activity('hasty')).toBe(0)
      await hasty.close()
    })

    it('refuse answers that are too large, by bytes and by rows', async () => {
      const small = await open({}, { maxBytes: 10_000, maxRows: 1000 })
      const engine = engineOf({ table: 'numbers' }, {}, small)
      const fetched = await problemOf(engine.fetch(guardedForTest(pipeline()), { ...everything, maxRows: 1000 }, never))
      expect(fetched.code).toBe('too_many_rows')
      const streamed = (async () => {
        for await (const _ of engine.stream(guardedForTest(pipeline()), never));
      })()
      expect((await problemOf(streamed)).code).toBe('too_many_rows')
      await small.close()
    })

    it('survive a server that ends their sessions', async () => {
      const other = await open()
      const run = () =>
        engineOf(native('select pg_backend_pid() as a'), {}, other).fetch(guardedForTest(pipeline()), everything, never)
      const [{ a: pid }] = JSON.parse((await run()).rows.toString()) as [{ a: number }]
      await admin.query('SELECT pg_terminate_backend($1)', [pid])
      expect((await run()).count).toBe(1)
      await other.close()
    })
  })

  describe('cancelling', () => {
    it('ends the query at the server', async () => {
      const leave = new AbortController()
      const work = problemOf(
        engineOf(native(slow('leaving'))).fetch(guardedForTest(pipeline()), everything, leave.signal),
      )
      await until(async () => (await activity('leaving')) === 1)
      leave.abort()
      expect((await work).code).toBe('cancelled')
      expect(await activity('leaving')).toBe(0)
    })

    it('ends a stream at the server, and so does leaving it early', async () => {
      const engine = engineOf(
        native(`select a.n, b.n as m from ${schema}.numbers as a cross join ${schema}.numbers as b`),
      )
      const leave = new AbortController()
      const streamed = (async () => {
        for await (const { rows } of engine.stream(guardedForTest(pipeline()), leave.signal)) {
          expect(rows).toHaveLength(1000)
          leave.abort()
        }
      })()
      expect((await problemOf(streamed)).code).toBe('cancelled')
      for await (const _ of engine.stream(guardedForTest(pipeline()), never)) break
      await until(async () => (await activity('cross join')) === 0)
    })
  })

  it('describes the tables that can be read', async () => {
    const tables = (await connection.tables(never)).filter((table) => table.schema === schema)
    expect(tables.map(({ name }) => name)).toEqual(['huge', 'kinds', 'numbers'])
    expect(tables[2]?.columns).toEqual([
      { name: 'n', type: 'integer' },
      { name: 'seven', type: 'integer' },
      { name: 'label', type: 'text' },
    ])
    expect((await connection.tables(never)).some((table) => table.schema?.startsWith('pg_'))).toBe(false)
  })

  it('gives null for numbers that no double holds', async () => {
    expect(await rowsOf({ table: 'huge' })).toEqual([{ n: null }])
  })

  it('refuses tables that are not there', async () => {
    const problem = await problemOf(fetch({ table: 'x"; DROP TABLE numbers; --' }))
    expect(problem.code).toBe('query_failed')
    expect((await problemOf(fetch({ table: 'pg_class', schema: 'nowhere' }))).code).toBe('query_failed')
  })

  describe('status', () => {
    it('tells how far it came', async () => {
      const statusOf = async (change: JsonObject) => (await open(change)).status(never)
      const passed = async (change: JsonObject) => (await statusOf(change)).checks.map((check) => check.passed)
      expect(await statusOf({})).toEqual({
        ok: true,
        error: null,
        checks: [
          { name: 'Host resolved', passed: true },
          { name: 'Port opened', passed: true },
          { name: 'Connected to PostgreSQL', passed: true },
          { name: 'Authenticated', passed: true },
          { name: 'Default database', passed: true },
        ],
      })
      expect(await passed({ host: 'no-such-host.invalid' })).toEqual([false, null, null, null, null])
      expect(await passed({ host: '10.0.0.1' })).toEqual([false, null, null, null, null])
      expect(await passed({ port: 1 })).toEqual([true, false, null, null, null])
      expect(await passed({ ssl: 'verify-full' })).toEqual([true, true, false, null, null])
      expect(await passed({ user: 'nobody-here' })).toEqual([true, true, true, false, null])
      expect(await passed({ database: 'nothing-here' })).toEqual([true, true, true, true, false])
    })
  })
})

/** Runs for a long time without a function that is denied. */
function slow(mark: string): string {
  return `select count(*) as "${mark}" from generate_series(1, 1000000000) as n`
}
