import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { silentLog, systemClock } from '../../src/base/index.ts'
import { threadPoolSize } from '../../src/config/index.ts'
import { type Column, parsePipeline, renderPipeline } from '../../src/pipeline/index.ts'
import { openRows } from '../../src/rows/index.ts'
import { guardedForTest } from '../../test/builders/guarded.ts'
import { type Figure, median } from './measure.ts'

const slowQueries = 8
const slice = { offset: 0, limit: 10, maxRows: 10 }
const rows = 2_000
const columns: readonly Column[] = [
  { name: 'key', type: 'integer' },
  { name: 'n', type: 'integer' },
]

/** How long a fast query takes while eight slow ones run: in a process of its own, started with the pool that the product has. */
export async function benchBusy(): Promise<Figure[]> {
  const script = fileURLToPath(import.meta.url)
  const { stdout } = spawnSync(process.execPath, [...process.execArgv, script], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '24' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { alone, beside, slow } = JSON.parse(stdout) as Measured
  return [
    { name: 'a fast query, alone (median of 20)', value: alone, unit: 'ms' },
    { name: `the first of ${slowQueries} slow queries, all at once`, value: slow, unit: 'ms' },
    { name: `a fast query beside ${slowQueries} slow ones (the slowest of 5)`, value: beside, unit: 'ms' },
    { name: 'the fast one as a part of the slow ones', value: beside / slow, unit: '×', bound: '≤ 0.2' },
  ]
}

interface Measured {
  readonly alone: number
  readonly beside: number
  readonly slow: number
}

async function measure(): Promise<Measured> {
  const home = mkdtempSync(join(tmpdir(), 'laputa-busy-'))
  const settings = { kind: 'duckdb', home, memoryLimitBytes: 1e9, threads: 2, maxColumns: 100 } as const
  const engine = await openRows({ ...settings, poolThreads: threadPoolSize() }, { clock: systemClock, log: silentLog })
  try {
    const { version } = await engine.write(
      { app: 'bench', domain: 'd', columns, batches: batches() },
      new AbortController().signal,
    )
    const run = async (steps: readonly object[]) => {
      const started = performance.now()
      const query = guardedForTest(
        renderPipeline(parsePipeline([{ name: 'domain', domain: 'd' }, ...steps], {}), {}, new Date(0)),
      )
      await engine.engine(new Map([['d', version]])).fetch(query, slice, new AbortController().signal)
      return performance.now() - started
    }
    const alone: number[] = []
    for (let count = 0; count < 20; count++) alone.push(await run(fast))
    const slow = Array.from({ length: slowQueries }, () => run(crossed))
    const beside: number[] = []
    for (let count = 0; count < 5; count++) beside.push(await run(fast))
    return {
      alone: median(alone),
      beside: Math.max(...beside),
      slow: await Promise.race(slow).finally(() => Promise.all(slow)),
    }
  } finally {
    await engine.close()
    rmSync(home, { recursive: true, force: true })
  }
}

const fast = [{ name: 'filter', condition: { column: 'n', operator: 'lt', value: 100 } }]

/** Every row beside every other one, and their figures: four million rows. */
const crossed = [
  { name: 'join', right_pipeline: [{ name: 'domain', domain: 'd' }], type: 'inner', on: [['key', 'key']] },
  { name: 'formula', new_column: 'f', formula: '[n] * [n_right] + 0.5' },
  {
    name: 'aggregate',
    on: ['n'],
    aggregations: [{ columns: ['f'], newcolumns: ['different'], aggfunction: 'count distinct' }],
  },
  { name: 'sort', columns: [{ column: 'different', order: 'desc' }] },
]

function* batches() {
  yield { columns, rows: Array.from({ length: rows }, (_, n) => [1, n]) }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.stdout.write(JSON.stringify(await measure()))
