import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { problemOf } from '../../../test/builders/problem-of.ts'
import { workbenchContract } from '../../../test/contracts/workbench.contract.ts'
import { silentLog, systemClock } from '../../base/index.ts'
import type { Batch } from '../../pipeline/index.ts'
import { createGate } from '../gate.ts'
import { openRows, type Workbench } from '../index.ts'
import { openDatabase } from './database.ts'
import { createSession, type Session } from './session.ts'
import { createWorkbench } from './workbench.ts'

const never = new AbortController().signal

workbenchContract('duckdb', async () => {
  const home = await mkdtemp(join(tmpdir(), 'laputa-rows-'))
  const settings = { kind: 'duckdb', home, memoryLimitBytes: 512 * 2 ** 20, threads: 1, maxColumns: 1000 } as const
  const rows = await openRows(settings, { clock: systemClock, log: silentLog })
  return {
    rows,
    close: async () => {
      await rows.close()
      // A query leaves nothing on the disk, however it ended.
      expect(await readdir(join(home, 'tmp'))).toEqual([])
      await rm(home, { recursive: true, force: true })
    },
  }
})

describe('tables of the workbench in DuckDB', () => {
  let close: () => void
  let session: Session
  let workbench: Workbench

  beforeAll(async () => {
    const spill = join(tmpdir(), 'laputa-no-such-folder')
    const instance = await openDatabase({ memoryLimitBytes: 256 * 2 ** 20, threads: 1, spill, folders: [] })
    const openSession = async () => createSession(await instance.connect(), createGate(1), false)
    session = await openSession()
    const unused = () => {
      throw new Error('not used here')
    }
    workbench = createWorkbench({ keeper: session, openSession, engine: unused, runSql: unused, runStages: unused })
    close = () => {
      session.close()
      instance.closeSync()
    }
  })
  afterAll(() => close())

  async function* wide(batches: number): AsyncGenerator<Batch> {
    const columns = [{ name: 't', type: 'text' as const }]
    for (let batch = 0; batch < batches; batch++) {
      yield { columns, rows: Array.from({ length: 1000 }, (_, row) => [`${'x'.repeat(200)}${batch}-${row}`]) }
    }
  }
  const tables = async () =>
    (await (await session.run('SELECT table_name FROM duckdb_tables()', never)).getRows()).length
  const bytes = async () => {
    const result = await session.run('SELECT sum(memory_usage_bytes)::DOUBLE FROM duckdb_memory()', never)
    return Number((await result.getRows())[0]?.[0])
  }

  it('are gone with their memory after their end', async () => {
    for (let round = 0; round < 5; round++) {
      const table = await workbench.load(wide(100), { maxRows: 200_000 }, never)
      expect([await tables(), (await bytes()) > 15 * 2 ** 20]).toEqual([1, true])
      await table.end()
      expect([await tables(), (await bytes()) < 8 * 2 ** 20]).toEqual([0, true])
    }
  })

  it('are gone when loading fails', async () => {
    await problemOf(workbench.load(wide(20), { maxRows: 10_000 }, never))
    const leave = new AbortController()
    const loading = problemOf(workbench.load(wide(1000), { maxRows: 2_000_000 }, leave.signal))
    setTimeout(() => leave.abort(), 30)
    expect((await loading).code).toBe('cancelled')
    expect(await tables()).toBe(0)
  })
})
