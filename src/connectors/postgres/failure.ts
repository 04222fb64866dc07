import { isProblem, type Log, Problem } from '../../base/index.ts'
import { abortProblem, codeOf } from '../failure.ts'

/** The five characters that PostgreSQL gives to each kind of error; undefined for errors of the driver or the network. */
export function sqlState(error: unknown): string | undefined {
  const code = codeOf(error)
  return /^[0-9A-Z]{5}$/.test(code) && error instanceof Error && 'severity' in error ? code : undefined
}

/** Whether the session goes on after this error, once its transaction has been rolled back. */
export function leavesSession(error: unknown): boolean {
  return isProblem(error) || /^(?!08|57P|28)/.test(sqlState(error) ?? '08')
}

/** Messages of these classes speak about names and words of the query only. Those of others may hold values of rows that nobody may see. */
const aboutNames = /^(?:42|0A|3F)/

const details: Readonly<Record<string, string>> = {
  '22': 'A value could not be turned into the type that the query wants, or a number went beyond what its type can hold.',
  '25': 'The query writes, and connections only read.',
  '28': 'The user or the password is not accepted.',
  '3D': 'The database does not exist.',
  '53': 'The database has no room for another connection or query.',
}

const failed = new Set(['22', '25', '42', '0A', '3F', '2F', '38', 'P0', '54'])

/** The problem behind an error of a query: what the query or its rows bring about is `query_failed`, the rest `source_failed`. */
export function queryProblem(error: unknown, signal: AbortSignal, log: Log): Problem {
  if (signal.aborted) return abortProblem(signal)
  if (isProblem(error)) return error
  const state = sqlState(error)
  if (state === undefined) {
    return new Problem('source_failed', `The connection to the database broke off (${codeOf(error)}).`)
  }
  if (state === '57014') return new Problem('source_timeout', 'The database gave the query up when its time was over.')
  if (aboutNames.test(state) && error instanceof Error) {
    log.debug({ state }, 'PostgreSQL refused a query')
    return new Problem('query_failed', `The database refused the query: ${error.message.slice(0, 300)}.`)
  }
  const kind = state.slice(0, 2)
  const detail = details[kind] ?? 'The database gave the query up.'
  return new Problem(failed.has(kind) ? 'query_failed' : 'source_failed', `${detail} (${state})`)
}
