import type { DuckDBConnection, DuckDBDataChunk, DuckDBMaterializedResult } from '@duckdb/node-api'
import { closedProblem, type Gate } from '../gate.ts'
import { abortProblem } from '../problems.ts'
import { bindAll } from './cells.ts'
import { createStatements, type Statement } from './statements.ts'

/** How often a statement that was told to stop is told again. */
const repeatInterruptMs = 10

/**
 * One connection, used by one caller at a time. Errors: DuckDB's own, and `cancelled` or `query_timeout` when the signal aborts.
 * Each call of DuckDB takes a thread of Node's pool (four by default) for as long as it runs: the gate keeps some for others.
 */
export interface Session {
  run(statement: Statement | string, signal: AbortSignal): Promise<DuckDBMaterializedResult>
  /** Chunks as they are made. A caller who stops early must close the session: the rest is still pending on its connection. */
  chunks(statement: Statement, signal: AbortSignal): AsyncGenerator<DuckDBDataChunk, void, undefined>
  readonly connection: DuckDBConnection
  close(): void
}

/** `selectOnly`: refuses every statement that is not one `SELECT`, whatever the compiler made. */
export function createSession(connection: DuckDBConnection, gate: Gate, selectOnly: boolean): Session {
  async function call<R>(signal: AbortSignal, work: () => Promise<R>): Promise<R> {
    const leave = await gate.enter(signal)
    const deafen = interruptOn([signal, gate.closing], connection)
    try {
      return await work()
    } catch (error) {
      if (signal.aborted) throw abortProblem(signal)
      throw gate.closing.aborted ? closedProblem() : error
    } finally {
      deafen()
      leave()
    }
  }

  const statements = createStatements(connection, selectOnly)

  async function* chunks(statement: Statement, signal: AbortSignal): AsyncGenerator<DuckDBDataChunk, void, undefined> {
    const prepared = await call(signal, () => statements.prepare(statement.text))
    try {
      bindAll(prepared, statement.values)
      const result = await call(signal, () => prepared.stream())
      for (;;) {
        const chunk = await call(signal, () => result.fetchChunk())
        if (chunk === null || chunk.rowCount === 0) return
        yield chunk
      }
    } finally {
      prepared.destroySync()
    }
  }

  return {
    connection,
    chunks,
    close: () => {
      statements.clear()
      connection.closeSync()
    },
    run: (statement, signal) =>
      call(signal, () => statements.run(typeof statement === 'string' ? { text: statement, values: [] } : statement)),
  }
}

/** For the short statements that nobody gives up: attaching, describing, finishing. */
export function neverAborted(): AbortSignal {
  return new AbortController().signal
}

/**
 * Stops what the connection does when a signal aborts; the returned function ends that. DuckDB forgets an interrupt that comes
 * before the pool's thread has begun with the statement, so it is repeated until the statement has ended.
 */
function interruptOn(signals: readonly AbortSignal[], connection: DuckDBConnection): () => void {
  let repeat: NodeJS.Timeout | undefined
  const interrupt = () => {
    connection.interrupt()
    repeat ??= setInterval(() => connection.interrupt(), repeatInterruptMs)
  }
  for (const signal of signals) signal.addEventListener('abort', interrupt, { once: true })
  return () => {
    for (const signal of signals) signal.removeEventListener('abort', interrupt)
    clearInterval(repeat)
  }
}
