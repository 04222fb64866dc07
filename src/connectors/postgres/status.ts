import { isProblem } from '../../base/index.ts'
import { abortProblem, startDeadline } from '../failure.ts'
import type { ConnectionStatus, ConnectorDeps } from '../port.ts'
import { sqlState } from './failure.ts'
import { endClient } from './idle-clients.ts'
import type { PostgresConfig } from './schema.ts'
import type { Sessions } from './sessions.ts'

const names = ['Host resolved', 'Port opened', 'Connected to PostgreSQL', 'Authenticated', 'Default database'] as const

interface Checked extends ConnectorDeps {
  readonly config: PostgresConfig
  readonly sessions: Sessions
}

/** Goes through the checks one after the other, up to the first that fails. Errors: those of the signal. */
export async function checkStatus(deps: Checked, signal: AbortSignal): Promise<ConnectionStatus> {
  const deadline = startDeadline(signal, deps.config.connect_timeout * 1000, 'The database did not answer in time.')
  let passed = 0
  try {
    const { host, port } = deps.config
    await deps.dialer.locate(host, deadline.signal)
    passed = 1
    const socket = await deps.dialer.connect(host, port, deadline.signal)
    socket.destroy()
    passed = 2
    const client = await deps.sessions.open(deadline.signal)
    passed = 5
    await endClient(client)
    return statusOf(names.length, null)
  } catch (error) {
    if (signal.aborted) throw abortProblem(signal)
    return passed < 2 ? statusOf(passed, messageOf(error)) : statusOf(passedBy(error), messageOf(error))
  } finally {
    deadline.end()
  }
}

function statusOf(passed: number, error: string | null): ConnectionStatus {
  const checks = names.map((name, index) => ({ name, passed: index < passed ? true : index > passed ? null : false }))
  return { ok: error === null, error, checks }
}

/** How far the server let the client in before it refused. */
function passedBy(error: unknown): number {
  const state = sqlState(error)
  if (state === undefined) return wantsPassword(error) ? 3 : 2
  if (state.startsWith('28')) return 3
  return 4
}

const refusals: Readonly<Record<string, string>> = {
  '28': 'The user or the password is not accepted.',
  '3D': 'The database does not exist.',
  '42': 'The user may not connect to the database.',
  '53': 'The database has no room for another connection.',
}

/** Never the server's own words: they may hold what the user typed, and addresses. */
function messageOf(error: unknown): string {
  if (isProblem(error)) return error.message
  const state = sqlState(error)
  if (state !== undefined) return refusals[state.slice(0, 2)] ?? `The database refused the connection (${state}).`
  if (wantsPassword(error)) return 'The server asks for a password.'
  return tlsMessage(error) ?? 'What answers there is not PostgreSQL, or it broke the connection off.'
}

/** The driver's own refusal to sign in without any. */
function wantsPassword(error: unknown): boolean {
  return error instanceof Error && /client password must be/.test(error.message)
}

function tlsMessage(error: unknown): string | undefined {
  const text = error instanceof Error ? `${'code' in error ? error.code : ''} ${error.message}` : ''
  if (/does not support SSL/.test(text)) return 'The server does not encrypt: set `ssl` to `disable` if that is right.'
  if (/CERT|SELF_SIGNED|UNABLE_TO|TLS/.test(text))
    return 'The certificate of the server is not trusted: see `ssl` and `ca`.'
  return undefined
}
