import { setImmediate as nextTurn } from 'node:timers/promises'
import { type DuckDBAppender, DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api'
import type { Batch, Column } from '../../pipeline/index.ts'
import type { WriteRequest } from '../port.ts'
import { abortProblem } from '../problems.ts'
import { checkBatch, wrongType } from '../table-checks.ts'
import { untilAborted } from '../until-aborted.ts'
import type { Bench } from './build-version.ts'
import { physicalTypes, toCell } from './cells.ts'
import type { StagedColumn } from './fill-table.ts'
import { columnId } from './quoting.ts'
import type { Session } from './session.ts'

/** Appending blocks the event loop: after so many cells others have their turn. A chunk of DuckDB has at most 2048 rows. */
const cellsPerTurn = 8192
const chunkRows = 2048
/** The appender keeps what it got until it is flushed: often enough for each flush to be short. */
const rowsPerFlush = 8192

/** Stages the batches of a write. Errors: `storage_failed` for values that are not of their column's type. */
export async function stageBatches(request: WriteRequest, bench: Bench): Promise<readonly StagedColumn[]> {
  const { session, signal } = bench
  await fillWithBatches(session, { catalog: 'stage', table: 'data', names: columnId, ...request }, signal)
  return request.columns.map((column, position) => ({ ...column, value: columnId(position) }))
}

export interface FillRequest extends Pick<WriteRequest, 'columns' | 'batches'> {
  readonly catalog: 'stage' | 'memory'
  /** A generated name. */
  readonly table: string
  /** The name of the column at a position, as it stands in SQL. */
  names(position: number): string
}

/** Makes a table of batches, in the schema `main` of a catalog. Errors: `storage_failed` for values that are not of their column's type. */
export async function fillWithBatches(session: Session, request: FillRequest, signal: AbortSignal): Promise<void> {
  const { catalog, table, columns } = request
  const list = columns.map(({ type }, position) => `${request.names(position)} ${physicalTypes[type].toString()}`)
  await session.run(`CREATE TABLE ${catalog}.main.${table} (${list.join(', ')})`, signal)
  const appender = await session.connection.createAppender(table, 'main', catalog)
  try {
    await appendAll(appender, request, signal)
  } catch (error) {
    appender.clear()
    throw error
  } finally {
    appender.closeSync()
  }
}

async function appendAll(
  appender: DuckDBAppender,
  request: Pick<WriteRequest, 'columns' | 'batches'>,
  signal: AbortSignal,
): Promise<void> {
  const { columns } = request
  const types = columns.map(({ type }) => physicalTypes[type])
  const rowsPerChunk = Math.min(chunkRows, Math.max(1, Math.floor(cellsPerTurn / columns.length)))
  let waiting = 0
  for await (const batch of untilAborted(request.batches, signal)) {
    checkBatch(batch, columns)
    for (let from = 0; from < batch.rows.length; from += rowsPerChunk) {
      if (signal.aborted) throw abortProblem(signal)
      const rows = batch.rows.slice(from, from + rowsPerChunk)
      const chunk = DuckDBDataChunk.create(types)
      chunk.setColumns(columns.map((column, position) => toCells(rows, column, position)))
      appender.appendDataChunk(chunk)
      waiting += rows.length
      if (waiting >= rowsPerFlush) appender.flushSync()
      waiting %= rowsPerFlush
      await nextTurn()
    }
  }
}

function toCells(rows: Batch['rows'], column: Column, position: number): DuckDBValue[] {
  return rows.map((row) => {
    const value = row[position]
    const cell = value === undefined ? undefined : toCell(value, column.type)
    if (cell === undefined) throw wrongType(column)
    return cell
  })
}
