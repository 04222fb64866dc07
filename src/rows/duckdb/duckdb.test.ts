import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guardedForTest } from '../../../test/builders/guarded.ts'
import { rowsContract } from '../../../test/contracts/rows.contract.ts'
import { silentLog, systemClock } from '../../base/index.ts'
import type { Column, Step, Value } from '../../pipeline/index.ts'
import { openRows, type Rows } from '../index.ts'

const mebibyte = 1024 * 1024
const never = new AbortController().signal
const n: Column = { name: 'n', type: 'integer' }
const t: Column = { name: 't', type: 'text' }

function open(home: string, memoryLimitBytes = 512 * mebibyte): Promise<Rows> {
  const settings = { kind: 'duckdb', home, memoryLimitBytes, threads: 2, maxColumns: 4096 } as const
  return openRows(settings, { clock: systemClock, log: silentLog })
}

const newHome = () => mkdtemp(join(tmpdir(), 'laputa-rows-'))

rowsContract('duckdb', async () => {
  const home = await newHome()
  const rows = await open(home)
  return {
    rows,
    close: async () => {
      await rows.close()
      await rm(home, { recursive: true, force: true })
    },
  }
})

describe('rows in DuckDB files', () => {
  let home: string
  let rows: Rows

  beforeEach(async () => {
    home = await newHome()
    rows = await open(home)
  })
  afterEach(async () => {
    await rows.close()
    await rm(home, { recursive: true, force: true })
  })

  const fileOf = (version: string) => join(home, 'rows', `${version}.duckdb`)
  const files = async (folder: string) => (await readdir(join(home, folder))).sort()
  const write = (columns: Column[], values: Value[][]) =>
    rows.write({ app: 'a', domain: 'd', columns, batches: [{ columns, rows: values }] }, never)

  async function ingest(content: string, name = 'upload.csv') {
    const path = join(home, name)
    await writeFile(path, content)
    return rows.ingest({ app: 'a', domain: 'd', file: { path, format: 'csv' } }, never)
  }

  async function fetched(version: string, ...steps: Step[]): Promise<Record<string, unknown>[]> {
    const query = guardedForTest([{ name: 'domain', domain: 'd' }, ...steps])
    const slice = { offset: 0, limit: null, maxRows: 1_000_000 }
    const { rows: json } = await rows.engine(new Map([['d', version]])).fetch(query, slice, never)
    return JSON.parse(json.toString())
  }

  const raised = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    )

  it('are one file a version, and nothing besides', async () => {
    const first = await ingest('a,b\n1,x\n')
    const second = await write([n], [[1]])
    await raised(ingest('a,b\n1\n'))
    await raised(write([n], [['x']]))
    await raised(rows.ingest({ app: 'a', domain: 'd', file: { path: '/nowhere', format: 'csv' } }, never))
    expect(await files('rows')).toEqual([`${first.version}.duckdb`, `${second.version}.duckdb`].sort())
    expect(await files('tmp')).toEqual([])
    expect((await readFile(fileOf(first.version))).length).toBe(first.bytes)
  })

  it('outlive the process', async () => {
    const info = await write([n, t], [[1, 'x']])
    await rows.close()
    rows = await open(home)
    expect(await rows.describe(info.version)).toEqual(info)
    expect(await fetched(info.version)).toEqual([{ n: 1, t: 'x' }])
  })

  it('are read from a path with any characters', async () => {
    const info = await ingest('a\n1\n', `it's [a] "*" ?.csv`)
    expect(await fetched(info.version)).toEqual([{ a: 1 }])
  })

  it('are more than can be open at once', async () => {
    const versions: string[] = []
    for (let count = 0; count < 70; count++) versions.push((await write([n], [[count]])).version)
    for (const [count, version] of [...versions.entries(), ...versions.slice(0, 3).entries()]) {
      expect(await fetched(version)).toEqual([{ n: count }])
    }
  }, 30_000)

  it('of few different texts are kept as a dictionary that sorts, compares and joins like texts', async () => {
    const few = ['m', 'é', 'Z', 'a', '', 'a b', '~', '10', '9']
    const values = Array.from({ length: 900 }, (_, at): Value[] => [at, few[(at * 7) % 9] ?? null])
    const info = await write([n, t], [...values, [900, null]])
    await rows.close()
    expect(await physicalTypes(fileOf(info.version))).toEqual([
      ['c0', 'BIGINT'],
      ['c1', expect.stringMatching(/^ENUM/)],
    ])
    rows = await open(home)
    const sort: Step = { name: 'sort', columns: [{ column: 't', order: 'desc' }] }
    const sorted = (await fetched(info.version, sort)).map((row) => row.t)
    const expected = values
      .map(([, text]) => String(text))
      .sort((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a)))
    expect(sorted).toEqual([...expected, null])
    const join: Step = {
      name: 'join',
      rightPipeline: [{ name: 'domain', domain: 'd' }],
      type: 'inner',
      on: [['t', 't']],
    }
    expect(await fetched(info.version, join)).toHaveLength(9 * 100 * 100)
    const after: Step = { name: 'filter', condition: { column: 't', operator: 'gt', value: 'b' } }
    expect(await fetched(info.version, after)).toHaveLength(300)
  })

  it('of many different or long texts are not', async () => {
    const many = await write(
      [t],
      Array.from({ length: 5000 }, (_, at) => [`text ${at % 2000}`]),
    )
    const long = await write(
      [t],
      Array.from({ length: 10 }, () => ['x'.repeat(1000)]),
    )
    await rows.close()
    for (const { version } of [many, long]) expect(await physicalTypes(fileOf(version))).toEqual([['c0', 'VARCHAR']])
    rows = await open(home)
  })

  it('that are damaged are reported, and the others stay readable', async () => {
    const values = Array.from({ length: 100_000 }, (_, at): Value[] => [at * 7919, `text ${at}`])
    const [good, cut, overwritten] = [
      await write([n, t], values),
      await write([n, t], values),
      await write([n, t], values),
    ]
    await truncate(fileOf(cut.version), 100_000)
    const bytes = await readFile(fileOf(overwritten.version))
    bytes.fill('garbage', 70_000, bytes.length - 70_000)
    await writeFile(fileOf(overwritten.version), bytes)
    await rows.close()
    rows = await open(home)
    for (const { version } of [cut, overwritten]) {
      const error = await raised(fetched(version))
      expect(error).toMatchObject({ code: 'storage_failed' })
      expect(String(error)).not.toContain(home)
    }
    expect(await fetched(good.version)).toHaveLength(100_000)
  })

  it('of another format are refused, as are files that are no versions', async () => {
    const info = await write([n], [[1]])
    await rows.close()
    const newer = `${info.version.slice(0, -1)}${info.version.endsWith('0') ? '1' : '0'}`
    await copyFile(fileOf(info.version), fileOf(newer))
    await inFile(fileOf(newer), 'UPDATE version SET format = 99')
    for (const name of ['x.duckdb', `${info.version}.duckdb.wal`, 'notes.txt'])
      await writeFile(join(home, 'rows', name), 'x')
    rows = await open(home)
    expect(await raised(rows.describe(newer))).toMatchObject({
      code: 'storage_failed',
      message: expect.stringContaining('release'),
    })
    await sleep(5)
    expect(await rows.retain(new Set([info.version]), 0)).toBe(1)
    expect(await files('rows')).toEqual(
      [`${info.version}.duckdb`, `${info.version}.duckdb.wal`, 'notes.txt', 'x.duckdb'].sort(),
    )
  })

  it('are made with less memory than they take', async () => {
    await rows.close()
    rows = await open(home, 64 * mebibyte)
    const lines = Array.from({ length: 400_000 }, (_, at) => `${at},${'text '.repeat(20)}${at * 7919},${at / 7}`)
    const info = await ingest(`n,t,x\n${lines.join('\n')}\n`)
    const sort: Step = { name: 'sort', columns: [{ column: 't', order: 'desc' }] }
    const query = guardedForTest([{ name: 'domain', domain: 'd' }, sort])
    const page = await rows
      .engine(new Map([['d', info.version]]))
      .fetch(query, { offset: 300_000, limit: 2, maxRows: 10 }, never)
    expect(page).toMatchObject({ count: 2, page: { total: 400_000 } })
  }, 60_000)

  it('are made without keeping others waiting', async () => {
    const lines = Array.from({ length: 200_000 }, (_, at) => `${at},group ${at % 9},${at / 7},2024-01-01T10:00:00Z`)
    const content = `n,t,x,d\n${lines.join('\n')}\n`
    await writeFile(join(home, 'big.csv'), content)
    const ingested = await longestPause(() => ingest(content))
    expect(ingested.pause).toBeLessThan(400)
    const engine = rows.engine(new Map([['d', ingested.result.version]]))
    const all = engine.stream(guardedForTest([{ name: 'domain', domain: 'd' }]), never)
    const { columns } = ingested.result
    const written = await longestPause(() => rows.write({ app: 'a', domain: 'd', columns, batches: all }, never))
    expect(written.pause).toBeLessThan(400)
    expect(written.result).toMatchObject({ columns, count: 200_000 })
  }, 60_000)

  describe('after a process was killed', () => {
    it('while it made a version: the others are there, and nothing of this one', async () => {
      const good = await write([n], [[1]])
      await rows.close()
      const lines = Array.from({ length: 300_000 }, (_, at) => `${at},text ${at},${at / 7}`)
      const upload = join(home, 'big.csv')
      await writeFile(upload, `n,t,x\n${lines.join('\n')}\n`)
      for (const stage of [/^rows-\d+-(?!spill)/, /^target\.duckdb$/, /^target\.duckdb$/]) {
        const child = ingestInAnotherProcess(home, upload)
        await appears(join(home, 'tmp'), stage, child)
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
      expect((await files('tmp')).length).toBeGreaterThan(0)
      rows = await open(home)
      expect(await files('tmp')).toEqual([])
      expect(await files('rows')).toEqual([`${good.version}.duckdb`])
      expect(await fetched(good.version)).toEqual([{ n: 1 }])
    }, 60_000)

    it('its unfinished work is removed, but not that of a living one or of other rooms', async () => {
      await rows.close()
      const names = ['rows-999999999-x', `rows-${process.pid}-x`, `rows-${process.ppid}-x`, 'upload-1', 'rows-x']
      for (const name of names) await mkdir(join(home, 'tmp', name))
      rows = await open(home)
      expect(await files('tmp')).toEqual([`rows-${process.ppid}-x`, 'rows-x', 'upload-1'])
    })
  })

  it('cannot be opened where no folder can be made', async () => {
    await writeFile(join(home, 'file'), '')
    expect(await raised(open(join(home, 'file')))).toMatchObject({ code: 'storage_failed' })
  })
})

async function inFile(path: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path)
  const connection = await instance.connect()
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson()
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}

function physicalTypes(path: string): Promise<unknown[][]> {
  return inFile(
    path,
    "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'data' ORDER BY ordinal_position",
  )
}

/** The longest time in which no timer was served while the work ran, in milliseconds. */
async function longestPause<R>(work: () => Promise<R>): Promise<{ result: R; pause: number }> {
  let last = performance.now()
  let pause = 0
  const timer = setInterval(() => {
    pause = Math.max(pause, performance.now() - last)
    last = performance.now()
  }, 5)
  const result = await work()
  clearInterval(timer)
  return { result, pause: Math.max(pause, performance.now() - last) }
}

function ingestInAnotherProcess(home: string, path: string): ChildProcess {
  const code = `
    const { openRows } = await import(${JSON.stringify(new URL('../index.ts', import.meta.url).href)})
    const { silentLog, systemClock } = await import(${JSON.stringify(new URL('../../base/index.ts', import.meta.url).href)})
    const settings = { kind: 'duckdb', home: ${JSON.stringify(home)}, memoryLimitBytes: 2 ** 29, threads: 2, maxColumns: 4096 }
    const rows = await openRows(settings, { clock: systemClock, log: silentLog })
    const file = { path: ${JSON.stringify(path)}, format: 'csv' }
    await rows.ingest({ app: 'a', domain: 'd', file }, new AbortController().signal)`
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', code], { stdio: 'ignore' })
}

function unlessGone(cause: NodeJS.ErrnoException): string[] {
  if (cause.code === 'ENOENT') return []
  throw cause
}

/** Waits until a file or folder of that name is somewhere in the folder; the process beside us makes and removes folders meanwhile. */
async function appears(folder: string, name: RegExp, child: ChildProcess): Promise<void> {
  for (;;) {
    const all = await readdir(folder, { recursive: true }).catch(unlessGone)
    if (all.some((path) => name.test(path.split('/').at(-1) ?? ''))) return
    if (child.exitCode !== null) throw new RangeError('the process ended before it could be killed')
    await sleep(1)
  }
}
