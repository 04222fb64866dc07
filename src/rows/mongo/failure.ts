import { MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb'
import { isProblem, type Log, Problem } from '../../base/index.ts'
import { type Config, mongoProblem } from '../../config/index.ts'
import { storageProblem } from '../problems.ts'

/** Codes of MongoDB that are about the server, its members, its disk or our rights there, and not about a query. */
const serverCodes: ReadonlySet<number> = new Set([
  ...[6, 7, 8, 11, 13, 18, 24, 43, 63, 64, 89, 91, 112, 133, 134, 175, 189, 202, 246, 262, 279, 286, 365, 384, 8000],
  ...[9001, 10_058, 10_107, 11_600, 11_602, 13_388, 13_435, 13_436, 14_031],
])

const timeUp = 50

/** What the data or the values of a query can bring about, by the code of MongoDB, and what to tell about it. */
const details: ReadonlyMap<number, string> = new Map([
  [146, 'The query needs more memory than it may use.'],
  [241, 'A value could not be turned into the type that the query wants.'],
  [292, 'The query needs more memory than it may use.'],
  [10_334, 'A row that the query makes is larger than the 16 MB that MongoDB takes.'],
  [11_601, 'Somebody stopped the query at the server.'],
  [16_819, 'The query needs more memory than it may use.'],
  [16_945, 'The query needs more memory than it may use.'],
  [17_419, 'A row that the query makes is larger than the 16 MB that MongoDB takes.'],
])

/** Names the problems behind the errors of the driver. Messages of MongoDB hold values of rows: none of them is logged. */
export interface Failures {
  /**
   * What is not the query's fault is `storage_failed` or `config_invalid`, with the setting. What a native query did is told in the
   * server's words: it is the person's own, over rows that they see.
   */
  ofQuery(error: unknown, about?: { readonly isNative: boolean }): Problem
  ofWriting(error: unknown): Problem
}

export function createFailures(settings: Config['mongo'], log: Log): Failures {
  const ofServer = (detail: string, error: unknown): Problem =>
    error instanceof MongoError ? mongoProblem(error, settings) : storageProblem(detail, error)
  return {
    ofQuery: (error, { isNative } = { isNative: false }) => {
      if (isProblem(error)) return error
      const code = error instanceof MongoServerError ? Number(error.code) : undefined
      if (!(error instanceof MongoServerError) || code === undefined || serverCodes.has(code)) {
        return ofServer('The rows cannot be read.', error)
      }
      if (code === timeUp) return new Problem('query_timeout', 'The query was stopped when its time was up.')
      const detail = details.get(code)
      if (detail !== undefined && !isNative) return new Problem('query_failed', detail)
      if (isNative) return new Problem('query_failed', `The native query failed: ${reasonIn(error.message)}`)
      log.error({ code, codeName: error.codeName }, 'MongoDB refused a query')
      return new Problem('query_failed', `The rows cannot be queried like this (${error.codeName ?? code}).`)
    },
    ofWriting: (error) => (isProblem(error) ? error : ofServer('The rows cannot be written.', behind(error))),
  }
}

/** The error behind a failed insert, which has the rows in it that were not inserted. */
function behind(error: unknown): unknown {
  if (!(error instanceof MongoBulkWriteError)) return error
  const inner: unknown = error.errorResponse
  if (inner instanceof Error) return inner
  return new MongoServerError({ message: 'Rows could not be inserted.', code: error.code })
}

/** Without what MongoDB says about its own parts before it. */
function reasonIn(message: string): string {
  return message.split(':: caused by ::').at(-1)?.trim() ?? ''
}
