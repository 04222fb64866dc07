import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { aTestSource, type TestSource } from '../../../test/builders/connector.ts'
import { guardedForTest } from '../../../test/builders/guarded.ts'
import { Problem, silentLog, systemClock } from '../../base/index.ts'
import { type ConnectionPool, createConnectionPool, type Patience } from './connection-pool.ts'

let source: TestSource
let pool: ConnectionPool
let versions: Record<string, number>
const signal = new AbortController().signal

beforeEach(() => {
  source = aTestSource()
  versions = { a: 1, b: 1, c: 1 }
  pool = aPool({})
})
afterEach(() => pool.close())

/** Waits for nothing but for connections that are idle, unless it is told otherwise. */
function aPool(patience: Partial<Patience>): ConnectionPool {
  return createConnectionPool({
    async resolve(_app, id) {
      const version = versions[id]
      if (version === undefined) throw new Problem('not_found', 'gone')
      return { connector: source.connector, config: { host: `${id}${version}` }, version, ttlMs: 5000 }
    },
    dialer: {} as never,
    clock: systemClock,
    log: silentLog,
    limits: { timeoutMs: 1000, maxRows: 10, maxBytes: 1000, concurrency: 1 },
    patience: { idle: 60_000, grace: 0, sweep: 5, ...patience },
  })
}

async function withPatience(patience: Partial<Patience>): Promise<void> {
  await pool.close()
  pool = aPool(patience)
}

const hosts = () => source.opened.map((config) => (config as { host: string }).host)
const use = async (id: string) => (await pool.open('shop', id)).connection.status(signal)
const aQuery = guardedForTest([{ name: 'domain', domain: 'sales' }])
const slice = { offset: 0, limit: 1, maxRows: 1 }
function aGate(): () => void {
  let release = () => {}
  source.gate = new Promise((resolve) => {
    release = resolve
  })
  return release
}

it('opens nothing before it is used', async () => {
  source.failure = new Problem('source_failed', 'Down.')
  expect(await pool.open('shop', 'a')).toMatchObject({ ttlMs: 5000, connector: source.connector, revision: 'a@1' })
  expect(hosts()).toEqual([])
})

it('opens once, also when many use it at the same time', async () => {
  await Promise.all(Array.from({ length: 10 }, () => use('a')))
  await use('b')
  expect(hosts()).toEqual(['a1', 'b1'])
})

it('opens anew after a change, and closes what there was', async () => {
  const before = await pool.open('shop', 'a')
  await before.connection.status(signal)
  versions.a = 2
  const after = await pool.open('shop', 'a')
  await after.connection.status(signal)
  expect(hosts()).toEqual(['a1', 'a2'])
  expect(after.revision).not.toBe(before.revision)
  await vi.waitFor(() => expect(source.closed()).toBe(1))
  await after.connection.status(signal)
})

it('never goes back to an older version', async () => {
  versions.a = 2
  await use('a')
  versions.a = 1
  await use('a')
  expect(hosts()).toEqual(['a2'])
})

it('closes what nobody used for a while', async () => {
  await use('a')
  await sleep(50)
  expect(source.closed()).toBe(0)
  await withPatience({ idle: 20 })
  expect(source.closed()).toBe(1)
  await use('a')
  await vi.waitFor(() => expect(source.closed()).toBe(2))
  await use('a')
  expect(hosts()).toEqual(['a1', 'a1', 'a1'])
})

it('closes nothing that is used, though it was removed', async () => {
  const { connection } = await pool.open('shop', 'a')
  await connection.status(signal)
  const release = aGate()
  const query = connection.engine(new Map()).fetch(aQuery, slice, signal)
  const failed = expect(query).rejects.toMatchObject({ code: 'internal' })
  pool.retire('a')
  await sleep(50)
  expect(source.closed()).toBe(0)
  release()
  await failed
  await vi.waitFor(() => expect(source.closed()).toBe(1))
})

it('closes nothing under a stream, and lets go of one that its reader leaves', async () => {
  source.batches = [1, 2, 3].map((value) => ({ columns: [{ name: 'n', type: 'integer' }], rows: [[value]] }))
  const { connection } = await pool.open('shop', 'a')
  for await (const batch of connection.engine(new Map()).stream(aQuery, signal)) {
    expect(batch.rows).toEqual([[1]])
    pool.retire('a')
    await sleep(50)
    expect(source.closed()).toBe(0)
    break
  }
  await vi.waitFor(() => expect(source.closed()).toBe(1))
})

it('does not close between asking and using', async () => {
  await withPatience({ grace: 60_000 })
  const { connection } = await pool.open('shop', 'a')
  await connection.status(signal)
  pool.retire('a')
  await sleep(50)
  expect(source.closed()).toBe(0)
  expect((await connection.status(signal)).ok).toBe(true)
  expect(hosts()).toEqual(['a1'])
})

it('does not open again what it has closed', async () => {
  const { connection } = await pool.open('shop', 'a')
  pool.retire('a')
  await sleep(50)
  await expect(connection.status(signal)).rejects.toMatchObject({ code: 'not_ready' })
  expect(hosts()).toEqual([])
})

it('tries again what could not be opened, and hides what a driver says', async () => {
  source.failure = new Error('postgres://u:MARKER@db')
  const failed = await use('a').catch((error: unknown) => error)
  expect(failed).toMatchObject({ code: 'source_failed' })
  expect((failed as Error).message).not.toContain('MARKER')
  source.failure = new Problem('address_refused', 'Not there.')
  await expect(use('a')).rejects.toMatchObject({ code: 'address_refused' })
  source.failure = null
  await use('a')
  expect(source.opened).toHaveLength(3)
})

it('does not open what is gone', async () => {
  await use('a')
  delete versions.a
  await expect(pool.open('shop', 'a')).rejects.toMatchObject({ code: 'not_found' })
})

it('closes everything at the end, also what is still being opened, and opens nothing afterwards', async () => {
  await use('a')
  const { connection } = await pool.open('shop', 'c')
  const release = aGate()
  const opening = use('b')
  await sleep(5)
  const closing = pool.close()
  release()
  await opening
  await closing
  expect(source.closed()).toBe(2)
  await expect(pool.open('shop', 'a')).rejects.toMatchObject({ code: 'not_ready' })
  await expect(connection.status(signal)).rejects.toMatchObject({ code: 'not_ready' })
})
