import { isProblem, Problem } from '../../base/index.ts'
import type { Connections } from './connections.ts'

/** Asks the server for something. Errors: `bus_failed` with what stood in the way; `internal` once the bus is closed. */
export type Ask = <T>(work: () => Promise<T>) => Promise<T>

/** What an error says. The object itself is never passed on: the client's errors hold the command, and so passwords and rows. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  if (/enableOfflineQueue|Connection is closed|max retries per request/i.test(message)) return 'there is no connection'
  return message.split('\n')[0] ?? message
}

export function busFailed(error: unknown): Problem {
  return isProblem(error) ? error : new Problem('bus_failed', `Redis did not do it: ${reasonOf(error)}.`)
}

/** What may be over when it is tried again: there is no server, or it is just starting. */
const passing =
  /ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|LOADING|there is no connection|it does not answer/

/** Why the server cannot be used, with the setting to change: `bus_failed` when waiting may mend it, `config_invalid` otherwise. */
export function cannotUse(error: unknown, { address, setting }: Connections): Problem {
  if (isProblem(error)) return error
  const { path, message } = diagnosis(deepest(error), setting)
  const code = passing.test(message) ? 'bus_failed' : 'config_invalid'
  return new Problem(code, `Redis at ${address} cannot be used: ${message}. See \`${path}\`.`, {
    errors: [{ path, message }],
  })
}

function diagnosis(error: unknown, setting: Connections['setting']): { path: string; message: string } {
  const said = reasonOf(error)
  const of = (path: string, message: string) => ({ path, message })
  if (/WRONGPASS|invalid password|invalid username/i.test(said)) {
    return of(setting.password, 'it does not accept the user or the password')
  }
  if (/NOAUTH/.test(said)) return of(setting.password, 'it wants a password, and none is set')
  if (/NOPERM|can't run this command|No permissions/i.test(said)) {
    return of(setting.password, `the user lacks rights (${said})`)
  }
  if (/READONLY/.test(said)) return of(setting.address, 'it is a replica that cannot be written to')
  if (/Protocol error|unknown command|fatal/i.test(said)) return of(setting.address, 'it does not speak like a Redis')
  if (/certificate|self.signed|SSL|TLS/i.test(said)) return of('redis.tls_ca_file', `no encrypted connection (${said})`)
  if (/DB index/i.test(said)) return of(setting.address, 'it does not have that database')
  return of(setting.address, said)
}

/** A cluster wraps what its nodes said. */
function deepest(error: unknown): unknown {
  const inner = error instanceof Error && 'lastNodeError' in error ? error.lastNodeError : undefined
  return inner instanceof Error ? inner : error
}
