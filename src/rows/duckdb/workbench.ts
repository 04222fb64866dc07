import { newId, Problem } from '../../base/index.ts'
import type { Batch, Column, Engine, SqlSource } from '../../pipeline/index.ts'
import type { Limits, LoadedTable, Workbench } from '../port.ts'
import type { Chosen } from './engine.ts'
import { columnId } from './quoting.ts'
import { neverAborted, type Session } from './session.ts'
import { fillWithBatches } from './stage-batches.ts'

export interface WorkbenchDeps {
  /** May drop tables. */
  readonly keeper: Session
  /** A session that may make a table, for one load, which closes it: filling a table takes its connection for itself. */
  openSession(): Promise<Session>
  engine(chosen: Chosen): Engine
  runSql: Workbench['runSql']
  runStages: Workbench['runStages']
}

/** The workbench beside the versions, in their database: a query can read both at once. */
export function createWorkbench({ keeper, openSession, engine, runSql, runStages }: WorkbenchDeps): Workbench {
  const places = new WeakMap<LoadedTable, SqlSource>()

  async function load(batches: AsyncIterable<Batch>, limits: Limits, signal: AbortSignal): Promise<LoadedTable> {
    const input = await beginBatches(batches, limits)
    if (input.columns.length === 0) {
      await input.end()
      return { columns: [], count: 0, end: async () => {} }
    }
    const table = `w${newId(Date.now())}`
    const drop = () => keeper.run(`DROP TABLE IF EXISTS memory.main.${table}`, neverAborted())
    let session: Session | undefined
    try {
      session = await openSession()
      await fillWithBatches(
        session,
        { catalog: 'memory', table, names: columnId, columns: input.columns, batches: input.batches },
        signal,
      )
    } catch (error) {
      await input.end()
      await drop()
      throw error
    } finally {
      session?.close()
    }
    const loaded: LoadedTable = {
      columns: input.columns,
      count: input.count(),
      end: async () => {
        await drop()
      },
    }
    places.set(loaded, sourceOf(table, input.columns))
    return loaded
  }

  return {
    hasVersions: true,
    load,
    runSql,
    runStages,
    engine: (tables, versions) => {
      const found = new Map<string, SqlSource>()
      for (const [name, table] of tables) {
        if (table.columns.length === 0) throw withoutColumns()
        const place = places.get(table)
        if (!place) throw new Problem('internal', 'A table is not on this workbench.')
        found.set(name, place)
      }
      return engine({ versions, tables: found })
    },
  }
}

function sourceOf(table: string, columns: readonly Column[]): SqlSource {
  return {
    table: { texts: [`memory.main.${table}`], values: [] },
    columns: columns.map((column, position) => ({ ...column, id: columnId(position) })),
    rowOrder: 'rowid',
  }
}

export interface Input {
  readonly columns: readonly Column[]
  readonly batches: AsyncIterable<Batch>
  /** How many rows have passed. */
  count(): number
  /** Tells the source that nobody will read on. Needed where `batches` may never have been begun: a source holds something open. */
  end(): Promise<void>
}

/** The columns of batches, read from the first of them, and all of them again. Errors: `too_many_rows` while reading on. */
export async function beginBatches(batches: AsyncIterable<Batch>, { maxRows }: Limits): Promise<Input> {
  const iterator = batches[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) throw new Problem('internal', 'A source gave no columns.')
  let count = 0
  let begun = false
  async function* all(): AsyncGenerator<Batch, void, undefined> {
    begun = true
    try {
      for (let next = first; !next.done; next = await iterator.next()) {
        count += next.value.rows.length
        if (count > maxRows) throw tooManyRows(maxRows)
        yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  }
  return {
    columns: first.value.columns,
    batches: all(),
    count: () => count,
    end: async () => {
      if (!begun) await iterator.return?.()
    },
  }
}

/** A source of JSON has no columns but those of its rows. */
export function withoutColumns(): Problem {
  return new Problem('query_failed', 'The source gave no rows, and so no columns that a step could work on.')
}

export function tooManyRows(maxRows: number): Problem {
  return new Problem(
    'too_many_rows',
    `A part of this pipeline runs in this process, over at most ${maxRows} rows (\`query.max_fetched_rows\`).`,
  )
}
