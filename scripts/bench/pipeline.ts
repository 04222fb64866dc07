import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { silentLog, systemClock } from '../../src/base/index.ts'
import {
  type Column,
  compileMongo,
  compileSql,
  duckdbDialect,
  identifier,
  parsePipeline,
  renderPipeline,
} from '../../src/pipeline/index.ts'
import { openRows } from '../../src/rows/index.ts'
import { guardedForTest } from '../../test/builders/guarded.ts'
import { type Figure, inTurns, median } from './measure.ts'

const rows = 1_000_000
const regions = Array.from({ length: 12 }, (_, index) => `region ${index}`)
const columns: readonly Column[] = [
  { name: 'region', type: 'text' },
  { name: 'product', type: 'integer' },
  { name: 'price', type: 'number' },
  { name: 'day', type: 'date' },
]

/** Filter, aggregate and sort a million rows through the engine, against the same SQL written by hand on the same file. */
export async function benchPipeline(): Promise<Figure[]> {
  const home = mkdtempSync(join(tmpdir(), 'laputa-bench-'))
  const engine = await openRows(
    { kind: 'duckdb', home, memoryLimitBytes: 1e9, threads: 2, maxColumns: 100 },
    { clock: systemClock, log: silentLog },
  )
  const signal = new AbortController().signal
  try {
    const { version } = await engine.write({ app: 'bench', domain: 'sales', columns, batches: batches() }, signal)
    const instance = await DuckDBInstance.create(join(home, 'rows', `${version}.duckdb`), {
      access_mode: 'READ_ONLY',
      threads: '2',
    })
    const connection = await instance.connect()
    const query = guardedForTest(rendered(pipeline))
    const ours = engine.engine(new Map([['sales', version]]))
    const byHand = async () => (await connection.runAndReadAll(sqlByHand)).getRowObjectsJson()
    const slice = { offset: 0, limit: null, maxRows: 100_000 }
    for (const warm of [1, 2]) await Promise.all([ours.fetch(query, slice, signal), byHand(), warm])
    const times = await inTurns(8, () => ours.fetch(query, slice, signal), byHand)
    connection.closeSync()
    instance.closeSync()
    return [
      { name: '1M rows, filter + aggregate + sort: engine', value: median(times.a), unit: 'ms' },
      { name: '1M rows, filter + aggregate + sort: the same SQL by hand', value: median(times.b), unit: 'ms' },
      { name: 'ratio', value: median(times.a) / median(times.b), unit: '×', bound: '≤ 1.3' },
      ...compileTimes(),
    ]
  } finally {
    await engine.close()
    rmSync(home, { recursive: true, force: true })
  }
}

const pipeline = [
  { name: 'domain', domain: 'sales' },
  {
    name: 'filter',
    condition: {
      and: [
        { column: 'region', operator: 'in', value: regions.slice(0, 4) },
        { column: 'price', operator: 'gt', value: 20 },
      ],
    },
  },
  {
    name: 'aggregate',
    on: ['product'],
    aggregations: [{ columns: ['price', 'price'], newcolumns: ['total', 'mean'], aggfunction: 'sum' }],
  },
  { name: 'sort', columns: [{ column: 'total', order: 'desc' }] },
]

const sqlByHand = `
  SELECT c1 AS product, sum(c2) AS total, sum(c2) AS mean FROM data
  WHERE c0 IN ('region 0', 'region 1', 'region 2', 'region 3') AND c2 > 20
  GROUP BY c1 ORDER BY total DESC NULLS LAST`

function rendered(steps: unknown) {
  return renderPipeline(parsePipeline(steps, {}), {}, new Date(0))
}

function* batches() {
  const size = 10_000
  for (let start = 0; start < rows; start += size) {
    yield {
      columns,
      rows: Array.from({ length: size }, (_, offset) => {
        const n = start + offset
        return [regions[n % 12] ?? '', n % 499, (n * 7919) % 1000, new Date(1.6e12 + (n % 1000) * 86_400_000)]
      }),
    }
  }
}

function compileTimes(): Figure[] {
  const formula = (index: number) => ({
    name: 'formula',
    new_column: `f${index}`,
    formula: `[price] * ${index} + [product]`,
  })
  const query = guardedForTest(
    rendered([
      ...pipeline.slice(0, 2),
      ...Array.from({ length: 16 }, (_, index) => formula(index)),
      ...pipeline.slice(2),
    ]),
  )
  const table = {
    table: identifier('"data"'),
    columns: columns.map((column, index) => ({ ...column, id: `c${index}` })),
  }
  const source = { columns: table.columns, collection: 'data' }
  const now = new Date(0)
  const targets = {
    SQL: () => compileSql(query, { source: () => table, dialect: duckdbDialect, now }).rows({ offset: 0, limit: null }),
    MongoDB: () => compileMongo(query, { source: () => source, now }),
  }
  return Object.entries(targets).map(([target, compile]) => {
    const times = Array.from({ length: 500 }, () => {
      const started = performance.now()
      compile()
      return performance.now() - started
    })
    const name = `compiling a 20-step pipeline for ${target} (median of 500)`
    return { name, value: median(times), unit: 'ms', bound: '≤ 2' }
  })
}
