import { startDeadline } from '../failure.ts'
import type { DefinedConnection } from '../kit.ts'
import type { ConnectorDeps } from '../port.ts'
import { createEngine } from './engine.ts'
import { queryProblem } from './failure.ts'
import type { PostgresConfig, PostgresSource } from './schema.ts'
import { createSessions, type Sessions } from './sessions.ts'
import { checkStatus } from './status.ts'
import { readTables } from './tables.ts'

/** Opens nothing yet: sessions begin with the first query. */
export function openPostgres(config: PostgresConfig, deps: ConnectorDeps): DefinedConnection<PostgresSource> {
  const sessions = createSessions(config, deps)
  return {
    status: (signal) => checkStatus({ ...deps, config, sessions }, signal),
    tables: (signal) => tablesOf(sessions, deps, signal),
    engine: (sources) => createEngine({ ...deps, sessions }, sources),
    close: sessions.close,
  }
}

async function tablesOf(sessions: Sessions, { limits, log }: ConnectorDeps, signal: AbortSignal) {
  const deadline = startDeadline(signal, limits.timeoutMs, 'The database did not answer in time.')
  try {
    const transaction = await sessions.begin(deadline.signal)
    const tables = await readTables(transaction).finally(() => transaction.end())
    return tables
  } catch (error) {
    throw queryProblem(error, deadline.signal, log)
  } finally {
    deadline.end()
  }
}
