import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { newId } from '../../../base/index.ts'
import type { Batch, Column } from '../../../pipeline/index.ts'
import { closedProblem, type Gate } from '../../gate.ts'
import { abortProblem, storageProblem } from '../../problems.ts'
import { scratchFolder } from '../../scratch.ts'
import type { Bench } from '../build-version.ts'
import { toValue } from '../cells.ts'
import { openDatabase } from '../database.ts'
import type { StagedColumn } from '../fill-table.ts'
import { createSession } from '../session.ts'
import { stageCsv } from './stage-csv.ts'

interface CsvReaderDeps {
  readonly tmpFolder: string
  readonly memoryLimitBytes: number
  readonly threads: number
  readonly maxColumns: number
  readonly gate: Gate
}

interface CsvTable {
  readonly columns: readonly Column[]
  /** In the order of the file; once. */
  readonly batches: AsyncIterable<Batch>
}

/**
 * Reads a CSV file as a version is made of it, for an engine that keeps the rows elsewhere. `use` gets the table once types are found over
 * all rows; afterwards nothing of it is left. Errors: `csv_invalid` with lines, `storage_failed`, `cancelled`, and those of `use`.
 */
export type ReadCsv = <R>(path: string, signal: AbortSignal, use: (table: CsvTable) => Promise<R>) => Promise<R>

export function createCsvReader(deps: CsvReaderDeps): ReadCsv {
  return async (file, signal, use) => {
    if (signal.aborted) throw abortProblem(signal)
    if (deps.gate.closing.aborted) throw closedProblem()
    const path = resolve(file)
    const folder = scratchFolder(deps.tmpFolder, newId(Date.now()))
    try {
      await mkdir(folder, { recursive: true })
      return await withStage(
        { deps, path, folder },
        async (bench) => {
          const columns = await stageCsv({ path, maxColumns: deps.maxColumns }, bench)
          return use({ columns: columns.map(({ name, type }) => ({ name, type })), batches: batchesOf(columns, bench) })
        },
        signal,
      )
    } catch (error) {
      if (signal.aborted) throw abortProblem(signal)
      throw storageProblem('The file cannot be read.', error)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

interface Staging {
  readonly deps: CsvReaderDeps
  readonly path: string
  readonly folder: string
}

/** A database of its own, which reaches the file and its folder and nothing else. */
async function withStage<R>({ deps, path, folder }: Staging, use: (bench: Bench) => Promise<R>, signal: AbortSignal) {
  const { memoryLimitBytes, threads, gate } = deps
  const spec = { memoryLimitBytes, threads, spill: join(folder, 'spill'), folders: [folder], files: [path] }
  const instance = await openDatabase(spec)
  try {
    const session = createSession(await instance.connect(), gate, false)
    try {
      await session.run("ATTACH ':memory:' AS stage", signal)
      return await use({ session, folder, signal })
    } finally {
      session.close()
    }
  } finally {
    instance.closeSync()
  }
}

async function* batchesOf(columns: readonly StagedColumn[], { session, signal }: Bench): AsyncGenerator<Batch> {
  const plain = columns.map(({ name, type }) => ({ name, type }))
  // DuckDB keeps the order of a table that is read as it is.
  const text = `SELECT ${columns.map(({ value }) => value).join(', ')} FROM stage.main.data`
  for await (const chunk of session.chunks({ text, values: [] }, signal)) {
    const rows = chunk.getRows().map((row) => row.map((cell, at) => toValue(cell, plain[at]?.type ?? 'text')))
    yield { columns: plain, rows }
  }
}
