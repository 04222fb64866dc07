import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guardedForTest } from '../../../test/builders/guarded.ts'
import { Problem, silentLog, systemClock } from '../../base/index.ts'
import type { Batch, Column } from '../../pipeline/index.ts'
import type { Rows, VersionInfo } from '../port.ts'
import { createRows } from './open-duckdb-rows.ts'
import { createReopeningRows } from './reopening-rows.ts'

const never = new AbortController().signal
const columns: readonly Column[] = [{ name: 'n', type: 'integer' }]
const all = { offset: 0, limit: null, maxRows: 10 }
const query = guardedForTest([{ name: 'domain', domain: 'd' }])

/** What DuckDB says of everything once it has met such an error. */
const invalidated = 'FATAL Error: Failed: database has been invalidated because of a previous fatal error.'

describe('rows whose database breaks', () => {
  let home: string
  let rows: Rows
  let opened: { broken: boolean; closed: boolean }[]
  let opens: () => Promise<Rows>

  /** Real rows, whose database can be made to answer as DuckDB does after a fatal error: it cannot be brought about from outside. */
  async function openBreakable(): Promise<Rows> {
    const real = await createRows(
      { kind: 'duckdb', home, memoryLimitBytes: 128 * 1024 ** 2, threads: 1, maxColumns: 10 },
      { clock: systemClock, log: silentLog },
      { rows: join(home, 'rows'), tmp: join(home, 'tmp') },
    )
    const switches = { broken: false, closed: false }
    opened.push(switches)
    const check = () => {
      if (switches.broken)
        throw new Problem('storage_failed', 'The rows cannot be read.', { cause: new Error(invalidated) })
    }
    return {
      ...real,
      engine: (versions) => {
        const engine = real.engine(versions)
        return {
          ...engine,
          fetch: async (...asked) => {
            check()
            return engine.fetch(...asked)
          },
          stream: async function* (...asked) {
            check()
            yield* engine.stream(...asked)
          },
        }
      },
      close: () => {
        switches.closed = true
        return real.close()
      },
    }
  }

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'laputa-reopening-'))
    for (const folder of ['rows', 'tmp']) await mkdir(join(home, folder))
    opened = []
    opens = openBreakable
    rows = await createReopeningRows({ open: () => opens(), log: silentLog })
  })
  afterEach(async () => {
    await rows.close()
    await rm(home, { recursive: true, force: true })
  })

  const write = (batches: AsyncIterable<Batch> | Iterable<Batch> = [{ columns, rows: [[1], [2]] }]) =>
    rows.write({ app: 'a', domain: 'd', columns, batches }, never)
  const fetch = ({ version }: VersionInfo) => rows.engine(new Map([['d', version]])).fetch(query, all, never)
  const breakIt = () => {
    const last = opened.at(-1)
    if (last) last.broken = true
  }

  it('are opened anew, once, and every version is there', async () => {
    const info = await write()
    const engine = rows.engine(new Map([['d', info.version]]))
    breakIt()
    const failures = await Promise.allSettled([
      fetch(info),
      fetch(info),
      engine.stream(query, never)[Symbol.asyncIterator]().next(),
    ])
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(String((await fetch(info)).rows)).toBe('[{"n":1},{"n":2}]')
    expect(String((await engine.fetch(query, all, never)).rows)).toBe('[{"n":1},{"n":2}]')
    expect(await rows.describe(info.version)).toEqual(info)
    expect(opened.map(({ closed }) => closed)).toEqual([true, false])
  })

  it('finish the version that they were making', async () => {
    const info = await write()
    let goOn = () => {}
    const paused = new Promise<void>((resolve) => {
      goOn = resolve
    })
    async function* batches() {
      yield { columns, rows: [[3]] }
      await paused
      yield { columns, rows: [[4]] }
    }
    const writing = write(batches())
    breakIt()
    await expect(fetch(info)).rejects.toMatchObject({ code: 'storage_failed' })
    expect((await fetch(info)).count).toBe(2)
    expect(opened[0]?.closed).toBe(false)
    goOn()
    expect(String((await fetch(await writing)).rows)).toBe('[{"n":3},{"n":4}]')
    expect(opened[0]?.closed).toBe(true)
  })

  it('try again with the next query when they could not be opened', async () => {
    const info = await write()
    breakIt()
    opens = async () => {
      throw new Problem('storage_failed', 'No.')
    }
    await expect(fetch(info)).rejects.toMatchObject({ message: 'The rows cannot be read.' })
    await expect(fetch(info)).rejects.toMatchObject({ message: 'No.' })
    opens = openBreakable
    expect((await fetch(info)).count).toBe(2)
  })

  it('stay as they are after any other error', async () => {
    const info = await write()
    await expect(fetch({ ...info, version: 'nonsense' })).rejects.toMatchObject({ code: 'storage_failed' })
    expect(opened).toEqual([{ broken: false, closed: false }])
  })
})
