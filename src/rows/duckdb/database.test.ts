import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGate } from '../gate.ts'
import { openDatabase } from './database.ts'
import { createSession, type Session } from './session.ts'

const never = new AbortController().signal

describe('the database that queries run in', () => {
  let folder: string
  let instance: DuckDBInstance
  let keeper: Session
  let reader: Session
  const rows = () => join(folder, 'rows')
  const elsewhere = () => join(folder, 'elsewhere')

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'laputa-database-'))
    for (const name of ['rows', 'elsewhere']) {
      await mkdir(join(folder, name))
      const made = await DuckDBInstance.create(join(folder, name, 'x.duckdb'))
      const connection = await made.connect()
      await connection.run('CREATE TABLE data AS SELECT 42 AS c0')
      connection.closeSync()
      made.closeSync()
    }
    await writeFile(join(elsewhere(), 'x.csv'), 'a\n1\n')
    const spec = { memoryLimitBytes: 128 * 1024 * 1024, threads: 2, spill: join(folder, 'spill'), folders: [rows()] }
    instance = await openDatabase(spec)
    keeper = createSession(await instance.connect(), createGate(1), false)
    reader = createSession(await instance.connect(), createGate(1), true)
  })
  afterAll(async () => {
    keeper.close()
    reader.close()
    instance.closeSync()
    await rm(folder, { recursive: true, force: true })
  })

  const run = (session: Session, text: string) => session.run(text, never)

  it('attaches files of its folders, to read them', async () => {
    await run(keeper, `ATTACH '${rows()}/x.duckdb' AS x (READ_ONLY)`)
    const result = await reader.run(
      { text: 'SELECT c0 FROM x.main.data WHERE c0 = $1', values: [{ value: 42, type: 'integer' }] },
      never,
    )
    expect(await result.getRows()).toEqual([[42]])
    await expect(run(keeper, 'INSERT INTO x.main.data VALUES (1)')).rejects.toThrow('read-only')
  })

  it('reaches nothing else', async () => {
    for (const text of [
      `ATTACH '${elsewhere()}/x.duckdb' AS y (READ_ONLY)`,
      `ATTACH '${rows()}/../elsewhere/x.duckdb' AS y (READ_ONLY)`,
      `SELECT * FROM read_csv('${elsewhere()}/x.csv')`,
      "SELECT * FROM read_csv('/etc/passwd')",
      "SELECT * FROM read_text('/etc/passwd')",
      "SELECT * FROM '/etc/passwd'",
      "SELECT * FROM glob('/etc/*')",
      `COPY (SELECT 1) TO '${elsewhere()}/out.csv'`,
      `EXPORT DATABASE '${elsewhere()}/out'`,
      'INSTALL httpfs',
      'LOAD httpfs',
      `LOAD '${elsewhere()}/x.duckdb'`,
    ]) {
      await expect(run(keeper, text), text).rejects.toThrow(/^Permission Error|^Catalog Error/)
    }
    expect(await readdir(elsewhere())).toEqual(['x.csv', 'x.duckdb'])
  })

  it('cannot be configured any more', async () => {
    for (const text of [
      'SET enable_external_access = true',
      'SET lock_configuration = false',
      'RESET lock_configuration',
      'SET autoload_known_extensions = true',
      "SET allowed_directories = ['/']",
      "SET memory_limit = '100GB'",
      'SET threads = 64',
    ]) {
      await expect(run(keeper, text), text).rejects.toThrow()
    }
  })

  it('gives readers one SELECT at a time, and nothing that writes', async () => {
    for (const text of [
      `COPY (SELECT 1) TO '${rows()}/out.csv'`,
      "ATTACH ':memory:' AS other",
      'CREATE TABLE t (a INTEGER)',
      'DETACH x',
      'SELECT 1; SELECT 2',
      'BEGIN',
      'PRAGMA threads = 8',
    ]) {
      await expect(run(reader, text), text).rejects.toThrow()
    }
    expect(await readdir(rows())).toEqual(['x.duckdb'])
    expect(await (await run(reader, 'SELECT 1')).getRows()).toEqual([[1]])
  })

  it('stops a statement that was interrupted before it began', async () => {
    const controller = new AbortController()
    const running = reader.run(
      'SELECT count(*) FROM range(100000) a, range(1000000) b WHERE hash(a.range + b.range) % 7 = 3',
      controller.signal,
    )
    queueMicrotask(() => controller.abort())
    const started = performance.now()
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    expect(performance.now() - started).toBeLessThan(2000)
    expect(await (await run(reader, 'SELECT 1')).getRows()).toEqual([[1]])
  })
})
