import { isProblem, type Log, Problem } from '../../base/index.ts'
import { storageProblem } from '../problems.ts'

/** DuckDB's messages begin with their kind and go on with values, file names and its own advice, none of which may be shown. */
export function kindOf(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  return /^([A-Z][A-Za-z ]*?) Error:/.exec(message)?.[1] ?? 'unknown'
}

/** What the data or the values of a query can bring about, and what to tell about it. */
const details: Readonly<Record<string, string>> = {
  'Out of Range': 'A number went beyond what its type can hold.',
  Conversion: 'A value could not be turned into the type that the query wants.',
  'Invalid Input': 'A function of the query was given a value that it does not take.',
  'Out of Memory': 'The query needs more memory than it may use.',
}

/** What a query of our own making never causes unless a compiler is wrong, so that its message may be logged: it has no values. */
const refusals: ReadonlySet<string> = new Set(['Binder', 'Catalog', 'Parser', 'Syntax', 'Not implemented'])

/** The problem behind an error of a query. What is not the query's fault is `storage_failed`, with the cause. */
export function queryProblem(error: unknown, log: Log): Problem {
  if (isProblem(error)) return error
  const kind = kindOf(error)
  const detail = details[kind]
  if (detail !== undefined) return new Problem('query_failed', detail)
  if (refusals.has(kind)) {
    log.error({ kind, refusal: error instanceof Error ? error.message.split('\n')[0] : '' }, 'DuckDB refused a query')
    return new Problem('query_failed', `The rows cannot be queried like this (${kind.toLowerCase()}).`)
  }
  return storageProblem('The rows cannot be read.', error)
}
