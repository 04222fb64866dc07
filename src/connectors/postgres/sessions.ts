import type pg from 'pg'
import { isProblem } from '../../base/index.ts'
import { orAborted, startDeadline, throwIfAborted } from '../failure.ts'
import type { ConnectorDeps } from '../port.ts'
import { createSlots } from '../slots.ts'
import { createIdleClients, cutClient, endClient } from './idle-clients.ts'
import { openClient } from './open-client.ts'
import type { PostgresConfig } from './schema.ts'
import { createTransaction, type Transaction } from './transaction.ts'

/** How long a server may take to give a query up before the line is cut. */
const cancelMs = 3000

export interface Sessions {
  /** A client of its own, outside of the bound on queries. The caller ends it. */
  open(signal: AbortSignal): Promise<pg.Client>
  /** A read-only transaction; waits while too many are open. The caller ends it. Errors: those of the dialer, the driver and the signal. */
  begin(signal: AbortSignal): Promise<Transaction>
  close(): Promise<void>
}

/** The sessions of a connection: at most `limits.concurrency` with a query at the same time, and as many kept for the next ones. */
export function createSessions(config: PostgresConfig, deps: ConnectorDeps): Sessions {
  const slots = createSlots(deps.limits.concurrency)
  const idle = createIdleClients()
  const statement = opening(config, deps)
  const open = async (signal: AbortSignal): Promise<pg.Client> => {
    const deadline = startDeadline(signal, config.connect_timeout * 1000, 'The database did not answer in time.')
    try {
      return await openClient(config, deps, deadline.signal)
    } finally {
      deadline.end()
    }
  }

  /** An idle session may have been closed by the server without a word: then the next one is tried, and a new one at last. */
  async function start(signal: AbortSignal): Promise<pg.Client> {
    for (let client = idle.take(); client; client = idle.take()) {
      try {
        return await prepare(client, statement, signal)
      } catch {
        throwIfAborted(signal)
      }
    }
    return prepare(await open(signal), statement, signal)
  }

  return {
    open,
    begin: async (signal) => {
      const leave = await slots.take(signal)
      try {
        throwIfAborted(signal)
        const client = await start(signal)
        return createTransaction(client, {
          signal,
          stop: (pid) => stopQuery(client, pid, { open, log: deps.log }),
          ended: async (isUsable) => {
            await (isUsable ? idle.keep(client) : endClient(client))
            leave()
          },
        })
      } catch (error) {
        leave()
        throw error
      }
    },
    close: idle.close,
  }
}

/** A transaction that sees one state of the database, writes nothing and prints values in one way whatever the role's settings are. */
function opening(config: PostgresConfig, { limits }: ConnectorDeps): string {
  const timeout = Math.min(limits.timeoutMs, (config.statement_timeout ?? Number.POSITIVE_INFINITY) * 1000)
  const settings = {
    statement_timeout: Math.ceil(timeout),
    lock_timeout: 0,
    idle_in_transaction_session_timeout: Math.ceil(timeout) + 60_000,
    TimeZone: "'UTC'",
    DateStyle: "'ISO, YMD'",
    IntervalStyle: "'postgres'",
    extra_float_digits: 1,
    bytea_output: "'hex'",
    standard_conforming_strings: 'on',
  }
  const sets = Object.entries(settings).map(([name, value]) => `SET LOCAL ${name} = ${value}`)
  return ['BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', ...sets].join('; ')
}

async function prepare(client: pg.Client, statement: string, signal: AbortSignal): Promise<pg.Client> {
  try {
    await orAborted(client.query(statement), signal)
    return client
  } catch (error) {
    cutClient(client)
    throw error
  }
}

interface Stopping extends Pick<ConnectorDeps, 'log'>, Pick<Sessions, 'open'> {}

/** Asks the server, on another line, to give up what this client runs. Where it does not, the line is cut. */
async function stopQuery(client: pg.Client, pid: number, { open, log }: Stopping): Promise<void> {
  const deadline = startDeadline(new AbortController().signal, cancelMs, 'The database did not answer in time.')
  try {
    const other = await open(deadline.signal)
    const cancelled = other.query('SELECT pg_cancel_backend($1)', [pid]).finally(() => endClient(other))
    await orAborted(cancelled, deadline.signal)
  } catch (error) {
    const reason = isProblem(error) ? error.code : 'unknown'
    log.warn({ reason }, 'A query on PostgreSQL could not be cancelled, so its connection was cut')
    cutClient(client)
  } finally {
    deadline.end()
  }
}
