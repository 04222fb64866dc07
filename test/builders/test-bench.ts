import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { systemClock } from '../../src/base/index.ts'
import { streamPlan } from '../../src/data/index.ts'
import {
  type Capabilities,
  type Column,
  type Engine,
  planQuery,
  type Query,
  type Value,
} from '../../src/pipeline/index.ts'
import { openRows, type Rows } from '../../src/rows/index.ts'

export interface Answered {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly Value[])[]
}

/** What an engine that runs these steps can do. */
export function capabilitiesOf(steps: Capabilities['steps']): Capabilities {
  return { steps, filter: true, sort: true, page: true, count: true, cancel: false, stream: true }
}

/** The workbench of the product, for what an engine leaves to it. */
export interface TestBench {
  /** Runs a query as the product would: `ask` answers the parts that the engine takes, in whole. */
  run(query: Query, steps: Capabilities['steps'], ask: (part: Query) => Promise<Answered>): Promise<Answered>
  close(): Promise<void>
}

export async function openTestBench(): Promise<TestBench> {
  const home = await mkdtemp(join(tmpdir(), 'laputa-bench-'))
  const rows = await openRows(
    { kind: 'duckdb', home, memoryLimitBytes: 512 * 2 ** 20, threads: 1, maxColumns: 1000 },
    { clock: systemClock, log: pino({ level: 'silent' }) },
  )
  return {
    run: (query, steps, ask) => runPlanned(rows, { query, steps, ask }),
    close: async () => {
      await rows.close()
      await rm(home, { recursive: true, force: true })
    },
  }
}

interface Asked {
  readonly query: Query
  readonly steps: Capabilities['steps']
  ask(part: Query): Promise<Answered>
}

async function runPlanned({ workbench }: Rows, { query, steps, ask }: Asked): Promise<Answered> {
  const place = { id: 'tested', capabilities: capabilitiesOf(steps), isWorkbench: false }
  const { plan } = planQuery(query, () => place)
  if (plan.kind === 'fetch') return ask(plan.query)
  const engine: Engine = {
    capabilities: place.capabilities,
    fetch: () => Promise.reject(new Error('The workbench streams what it works on.')),
    stream: (part) => once(ask(part)),
  }
  const deps = { engine: () => engine, workbench, versions: new Map(), maxFetchedRows: 100_000, maxNativeRows: 100_000 }
  let columns: Column[] = []
  const found: Value[][] = []
  // In the product only the guard makes such a plan.
  const guarded = plan as unknown as Parameters<typeof streamPlan>[0]
  for await (const batch of streamPlan(guarded, deps, new AbortController().signal)) {
    columns = [...batch.columns]
    for (const row of batch.rows) found.push([...row])
  }
  return { columns, rows: found }
}

async function* once(table: Promise<Answered>) {
  yield await table
}
