import type { DuckDBInstance } from '@duckdb/node-api'
import type { Gate } from '../gate.ts'
import { createSession, type Session } from './session.ts'

/** The connections that queries use. A connection costs little, so there are as many as queries; few idle ones are kept. */
interface Connections {
  /** Runs `use` with a session that nobody else uses meanwhile. */
  withSession<R>(use: (session: Session) => Promise<R>): Promise<R>
  /** A session that the caller closes. */
  open(): Promise<Session>
  closeIdle(): void
}

const idleConnections = 4

export function createConnections(instance: DuckDBInstance, gate: Gate): Connections {
  const idle: Session[] = []

  async function open(): Promise<Session> {
    return createSession(await instance.connect(), gate, true)
  }

  return {
    open,
    withSession: async (use) => {
      const session = idle.pop() ?? (await open())
      try {
        return await use(session)
      } finally {
        if (idle.length < idleConnections && !gate.closing.aborted) idle.push(session)
        else session.close()
      }
    },
    closeIdle: () => {
      for (const session of idle.splice(0)) session.close()
    },
  }
}
