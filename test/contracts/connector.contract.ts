import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type JsonObject, type Log, systemClock } from '../../src/base/index.ts'
import { type Connection, type Connector, type ConnectorLimits, createDialer } from '../../src/connectors/index.ts'
import type { Batch, Column, Value } from '../../src/pipeline/index.ts'
import { guardedForTest } from '../builders/guarded.ts'
import { problemOf } from '../builders/problem-of.ts'

export interface ConnectorUnderTest {
  readonly connector: Connector
  /** Leads to the source, with a secret in each field that can have one. */
  readonly config: JsonObject
  /** What the operator has to allow for it. */
  readonly allow: readonly string[]
  /** The rows `1…count` in a column `n` (integer), with `row 1…` in a column `name` (text). */
  count(count: number): JsonObject
  /** Never answers by itself. */
  readonly endless: JsonObject
  /** How many endless queries the source works on. */
  working(): Promise<number>
  /** A query that the source refuses, and whose answer may repeat what was sent. */
  readonly refused: JsonObject
  close(): Promise<void>
}

const never = new AbortController().signal
const limits: ConnectorLimits = { timeoutMs: 10_000, maxRows: 5000, maxBytes: 1_000_000, concurrency: 2 }

/** What every connector must do. */
export function connectorContract(name: string, start: () => Promise<ConnectorUnderTest>): void {
  describe(`${name}: connector contract`, () => {
    let source: ConnectorUnderTest
    let connection: Connection
    const logged: string[] = []

    const open = (some: Partial<ConnectorLimits> = {}, config: JsonObject = {}, allow = source.allow) =>
      source.connector.open(
        { ...source.config, ...config },
        { dialer: createDialer({ allow }), clock: systemClock, log: logInto(logged), limits: { ...limits, ...some } },
      )

    beforeAll(async () => {
      source = await start()
      connection = await open()
    })
    afterAll(async () => {
      await connection.close()
      await source.close()
    })

    const batches = (query: JsonObject, signal = never, over = connection): AsyncIterable<Batch> => {
      const engine = over.engine(new Map([['d', source.connector.resolve(query, {})]]))
      return engine.stream(guardedForTest([{ name: 'domain', domain: 'd' }]), signal)
    }
    const read = async (query: JsonObject, signal = never, over = connection) => {
      let columns: readonly Column[] = []
      const rows: (readonly Value[])[] = []
      for await (const batch of batches(query, signal, over)) {
        columns = batch.columns
        rows.push(...batch.rows)
      }
      return { columns, rows }
    }
    const until = async (holds: () => Promise<boolean>) => {
      for (const end = Date.now() + 5000; !(await holds()); ) {
        if (Date.now() > end) throw new Error('it did not happen')
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }

    it('has schemas that can be shown, and secrets that are fields of them', () => {
      const { config, query, secrets } = source.connector
      const shown = z.toJSONSchema(config, { io: 'input' })
      expect(Object.keys(shown.properties ?? {})).toEqual(expect.arrayContaining([...secrets]))
      expect(z.toJSONSchema(query, { io: 'input' })).toMatchObject({ type: 'object' })
      expect(config.safeParse({ ...source.config, host_or_so: 'x' }).success).toBe(false)
      expect(config.safeParse(source.config).success).toBe(true)
      expect(query.safeParse({ ...source.count(1), nothing: 1 }).success).toBe(false)
    })

    it('resolves to plain data, the same for the same', () => {
      const resolved = source.connector.resolve(source.count(3), {})
      expect(resolved).toEqual(source.connector.resolve(source.count(3), {}))
      expect(JSON.parse(JSON.stringify(resolved))).toEqual(resolved)
    })

    it('gives all rows in batches, with their types', async () => {
      const { columns, rows } = await read(source.count(2500))
      expect(columns).toEqual([
        { name: 'n', type: 'integer' },
        { name: 'name', type: 'text' },
      ])
      expect(rows).toHaveLength(2500)
      expect(rows[2499]).toEqual([2500, 'row 2500'])
    })

    it('gives no rows where there are none', async () => {
      expect((await read(source.count(0))).rows).toEqual([])
    })

    it('tells that it works', async () => {
      const status = await connection.status(never)
      expect(status).toMatchObject({ ok: true, error: null })
      expect(status.checks.every(({ passed }) => passed === true)).toBe(true)
      expect(await connection.tables(never)).toBeInstanceOf(Array)
    })

    it('reaches nothing that is not allowed', async () => {
      const locked = await open({}, {}, [])
      expect((await problemOf(read(source.count(1), never, locked))).code).toBe('address_refused')
      const { ok, checks } = await locked.status(never)
      expect(ok).toBe(false)
      expect(checks.map(({ passed }) => passed)).toEqual(checks.map((_, index) => (index === 0 ? false : null)))
      await locked.close()
    })

    it('stops the source when the request is given up', async () => {
      const leave = new AbortController()
      const work = problemOf(read(source.endless, leave.signal))
      await until(async () => (await source.working()) === 1)
      leave.abort()
      expect((await work).code).toBe('cancelled')
      await until(async () => (await source.working()) === 0)
      expect((await read(source.count(1))).rows).toHaveLength(1)
    })

    it('does nothing for a request that was given up before', async () => {
      expect((await problemOf(read(source.count(1), AbortSignal.abort()))).code).toBe('cancelled')
    })

    it('gives up when its time is over, at the source too', async () => {
      const hasty = await open({ timeoutMs: 300 })
      expect((await problemOf(read(source.endless, never, hasty))).code).toBe('source_timeout')
      await until(async () => (await source.working()) === 0)
      await hasty.close()
    })

    it('asks for no more at the same time than it may, and lets those who wait leave', async () => {
      const leave = new AbortController()
      const waiting = new AbortController()
      const running = [1, 2].map(() => problemOf(read(source.endless, leave.signal)))
      await until(async () => (await source.working()) === 2)
      const third = problemOf(read(source.endless, waiting.signal))
      const fourth = read(source.count(1))
      for (let look = 0; look < 10; look++) {
        await new Promise((resolve) => setTimeout(resolve, 10))
        expect(await source.working()).toBeLessThanOrEqual(2)
      }
      // A source that is busy may show fewer for a moment.
      await until(async () => (await source.working()) === 2)
      waiting.abort()
      expect((await third).code).toBe('cancelled')
      leave.abort()
      await Promise.all(running)
      expect((await fourth).rows).toHaveLength(1)
    })

    it('refuses more rows than may come in', async () => {
      expect((await problemOf(read(source.count(5001)))).code).toBe('too_many_rows')
      expect((await read(source.count(5000))).rows).toHaveLength(5000)
    })

    it('can be left in the middle', async () => {
      for await (const batch of batches(source.count(5000))) {
        expect(batch.rows.length).toBeGreaterThan(0)
        break
      }
      expect((await read(source.count(2))).rows).toHaveLength(2)
    })

    it('says no secret, to nobody', async () => {
      const secrets = source.connector.secrets.flatMap((field) => source.config[field] ?? [])
      expect(secrets.length).toBeGreaterThan(0)
      const problem = await problemOf(read(source.refused))
      const said = [problem.message, JSON.stringify(problem.errors), String(problem.cause), ...logged].join('\n')
      for (const secret of secrets) expect(said).not.toContain(secret)
    })
  })
}

function logInto(lines: string[]): Log {
  const write = (fields: object, message: string) => {
    lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  const log: Log = { debug: write, info: write, warn: write, error: write, child: () => log }
  return log
}
