import { isProblem, Problem } from '../base/index.ts'

/** Why a signal aborted: `query_timeout` for the reason of `AbortSignal.timeout`, else `cancelled`. */
export function abortProblem(signal: AbortSignal): Problem {
  const reason: unknown = signal.reason
  if (isProblem(reason)) return reason
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new Problem('query_timeout', 'The query was stopped when its time was up.')
  }
  return new Problem('cancelled', 'The request was given up before its rows were ready.')
}

/** What is not the fault of whoever asked, with the cause for the log; a problem stays as it is. */
export function storageProblem(detail: string, error: unknown): Problem {
  return isProblem(error) ? error : new Problem('storage_failed', detail, { cause: error })
}
