import pg from 'pg'
import Cursor from 'pg-cursor'
import { type Bound, postgresDialect } from '../../pipeline/index.ts'
import { throwIfAborted } from '../failure.ts'
import { leavesSession } from './failure.ts'
import { cutClient } from './idle-clients.ts'

/** How long a server may take to end a transaction before the line is cut. */
const rollbackMs = 3000

/** A rendered statement, as `renderSql` gives it. */
export interface Statement {
  readonly text: string
  readonly values: readonly Bound[]
}

/** A row as the server writes it. */
export type TextRow = readonly (string | null)[]

/** Statements in one transaction, one after the other. Errors: those of the driver as they are, and of the signal. */
export interface Transaction {
  /** Hands over each row as it comes; what `take` throws ends the statement at the server. Gives the columns of the answer. */
  run(statement: Statement, take: (row: TextRow) => void): Promise<readonly pg.FieldDef[]>
  /** The rows in batches: no more are read than are asked for. */
  batches(statement: Statement, size: number): AsyncGenerator<readonly TextRow[], void, undefined>
  /** Gives the transaction up. `error` is what went wrong, if something did. */
  end(error?: unknown): Promise<void>
}

interface Surroundings {
  readonly signal: AbortSignal
  /** Ends what runs, on another connection. Never rejects. */
  stop(pid: number): Promise<void>
  /** What becomes of the client, and whether it can be used again. */
  ended(isUsable: boolean): Promise<void>
}

export function createTransaction(client: pg.Client, { signal, stop, ended }: Surroundings): Transaction {
  let stopping: Promise<void> | undefined
  const pid = 'processID' in client ? Number(client.processID) : 0
  const giveUp = () => {
    stopping ??= stop(pid)
  }
  signal.addEventListener('abort', giveUp, { once: true })

  return {
    run: async (statement, take) => {
      throwIfAborted(signal)
      return submit(client, statement, { take, giveUp })
    },
    async *batches(statement, size) {
      throwIfAborted(signal)
      const cursor = client.query(new Cursor<TextRow>(statement.text, parameters(statement), { rowMode: 'array' }))
      try {
        for (let rows = await cursor.read(size); rows.length > 0; rows = await cursor.read(size)) {
          yield rows
          throwIfAborted(signal)
        }
      } finally {
        await cursor.close().catch(() => {})
      }
    },
    end: async (error) => {
      signal.removeEventListener('abort', giveUp)
      // A cancellation that comes late would hit the next query of this session.
      if (stopping) {
        await stopping
        return ended(false)
      }
      const timer = setTimeout(() => cutClient(client), rollbackMs)
      const failed = await client.query('ROLLBACK').then(
        () => undefined,
        (failure: unknown) => failure,
      )
      clearTimeout(timer)
      const problem = failed ?? error
      return ended(problem === undefined || leavesSession(problem))
    },
  }
}

interface Reader {
  readonly take: (row: TextRow) => void
  readonly giveUp: () => void
}

function submit(client: pg.Client, statement: Statement, { take, giveUp }: Reader): Promise<readonly pg.FieldDef[]> {
  return new Promise((resolve, reject) => {
    const config = { text: statement.text, values: parameters(statement), rowMode: 'array' }
    const query = client.query(new pg.Query<TextRow & pg.QueryResultRow>(config))
    let failure: { readonly error: unknown } | undefined
    query.on('row', (row) => {
      if (failure) return
      try {
        take(row)
      } catch (error) {
        failure = { error }
        giveUp()
      }
    })
    query.on('error', (error) => reject(failure ? failure.error : error))
    query.on('end', (result) => (failure ? reject(failure.error) : resolve(result.fields)))
  })
}

function parameters({ values }: Statement): (string | null)[] {
  return values.map(({ value }) => postgresDialect.parameter(value))
}
